/// The colours of reports and charts, light and dark. Series' colours are told apart by colour-blind eyes too, and have
/// a contrast of at least 3 : 1 to the surface.
enum Theme {
    static let seriesCount = 6

    static let css = """
        :root{color-scheme:light dark;--page:#f5f6f8;--surface:#ffffff;--sunken:#f0f2f5;--edge:#dfe3e9;--grid:#e9ecf1;\
        --ink:#171b22;--muted:#5b6472;--accent:#1f5fbf;--good:#0a7a4b;--bad:#bc2f2f;--strong:#ffffff;\
        --series-0:#1f5fbf;--series-1:#cf5d00;--series-2:#0c8574;--series-3:#b22d78;--series-4:#8a6a00;--series-5:#6847c0}
        @media (prefers-color-scheme:dark){:root{--page:#0f1217;--surface:#171b22;--sunken:#1e242d;--edge:#2c343f;\
        --grid:#262d37;--ink:#e8ebf0;--muted:#9aa5b4;--accent:#7db0ff;--good:#4fcf97;--bad:#ff8a80;--strong:#0f1217;\
        --series-0:#7db0ff;--series-1:#ff9f5a;--series-2:#4fcbb4;--series-3:#f18ac4;--series-4:#d8b548;--series-5:#b5a1ff}}
        @media print{:root{--page:#ffffff;--surface:#ffffff;--sunken:#f4f5f7;--edge:#cfd4db;--grid:#e4e7ec;--ink:#000000;\
        --muted:#444b56;--accent:#1f5fbf;--good:#0a7a4b;--bad:#bc2f2f;--strong:#ffffff;\
        --series-0:#1f5fbf;--series-1:#cf5d00;--series-2:#0c8574;--series-3:#b22d78;--series-4:#8a6a00;--series-5:#6847c0}}

        """

    static let chartCSS: String = {
        let series = (0..<seriesCount).map {
            ".chart .stroke-\($0){stroke:var(--series-\($0))}.chart .fill-\($0){fill:var(--series-\($0))}"
        }
        return """
            .chart{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;\
            font-variant-numeric:tabular-nums;max-width:100%;height:auto;display:block}
            .chart text{fill:var(--muted)}.chart .label{fill:var(--muted);font-weight:600}.chart .value{fill:var(--ink)}\
            .chart .cell{fill:var(--ink);font-size:11px}.chart .cell.strong{fill:var(--strong)}\
            .chart .end{text-anchor:end}.chart .middle{text-anchor:middle}
            .chart .surface{fill:var(--surface)}.chart .grid{stroke:var(--grid)}.chart .axis{stroke:var(--edge)}\
            .chart .rule{stroke:var(--muted);stroke-width:1.5;stroke-dasharray:5 4}\
            .chart .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}\
            .chart .faint{stroke-width:1;opacity:.35}.chart .band{opacity:.2}\
            .chart .dot{stroke:var(--surface);stroke-width:1.5}.chart .dot:hover{stroke:var(--ink)}\
            .chart .warm{fill:var(--series-0)}.chart .cold{fill:var(--series-1)}
            \(series.joined())

            """
    }()
}
