extension Report {
    static let css = """
        *{box-sizing:border-box}
        body{margin:0;background:var(--page);color:var(--ink);\
        font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
        header,main{max-width:1080px;margin:0 auto;padding:0 24px}
        header{padding-top:40px}
        .eyebrow{display:flex;align-items:center;gap:8px;margin:0;color:var(--accent);font-weight:650;letter-spacing:.04em}
        h1{margin:6px 0 0;font-size:32px;line-height:1.2;letter-spacing:-.015em}
        .subtitle{margin:6px 0 0;color:var(--muted);font-size:16px}
        .headline{display:grid;grid-template-columns:repeat(auto-fit,minmax(165px,1fr));gap:12px;margin:26px 0 0}
        .figure{background:var(--surface);border:1px solid var(--edge);border-radius:12px;padding:14px 18px}
        .figure dt{color:var(--muted);font-size:13px}
        .figure dd{margin:2px 0 0;font-size:27px;font-weight:650;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
        .figure .note{display:block;color:var(--muted);font-size:13px;font-weight:400;letter-spacing:0}
        .good{color:var(--good)!important}.bad{color:var(--bad)!important}
        nav{display:flex;flex-wrap:wrap;gap:6px 18px;margin:22px 0 0;font-size:14px}
        nav a{color:var(--accent);text-decoration:none}nav a:hover{text-decoration:underline}
        a:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:3px}
        section{background:var(--surface);border:1px solid var(--edge);border-radius:14px;padding:22px 26px 26px;margin:20px 0}
        main section:last-child{margin-bottom:56px}
        h2{margin:0 0 12px;font-size:19px;line-height:1.3;letter-spacing:-.01em}
        h3{margin:20px 0 10px;font-size:15px}h3:first-child{margin-top:0}
        .intro{margin:-6px 0 16px;color:var(--muted);max-width:72ch}
        .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:24px 32px}
        figure{margin:0;min-width:0}figcaption{margin-bottom:8px;font-weight:600}
        figcaption span{display:block;color:var(--muted);font-size:13px;font-weight:400}
        figure .chart{width:100%}figure.single .chart{max-width:760px}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
        th,td{text-align:left;padding:7px 14px 7px 0;border-bottom:1px solid var(--grid);vertical-align:top}
        th{color:var(--muted);font-weight:600;font-size:13px;white-space:nowrap}tbody th{color:var(--ink);font-size:14px}
        tbody tr:last-child>*{border-bottom:0}tfoot td,tfoot th{border-top:2px solid var(--edge);border-bottom:0;font-weight:650;color:var(--ink)}
        .number{text-align:right;white-space:nowrap}th.number{text-align:right}
        td:last-child,th:last-child{padding-right:0}
        dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:7px 26px;margin:0}
        pre+dl.facts{margin-top:16px}dl.facts dt{color:var(--muted)}dl.facts dd{margin:0;overflow-wrap:anywhere}
        code,pre{font:13px/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
        pre{background:var(--sunken);border-radius:8px;padding:12px 16px;margin:0;overflow-x:auto;white-space:pre-wrap}
        .pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(128px,1fr));gap:16px;margin:0;padding:0;list-style:none}
        .pictures.wide{grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr))}
        .pictures li{min-width:0}
        .pictures img{display:block;width:100%;height:auto;border-radius:8px;background:var(--sunken)}
        .pictures img.small{image-rendering:pixelated}
        .panel{display:block;max-width:100%;min-width:min(100%,760px);height:auto;border-radius:8px;image-rendering:pixelated}
        .pictures p{margin:7px 0 0;font-size:13px;line-height:1.4;overflow-wrap:anywhere}.pictures .title{font-weight:600}
        .pictures .detail{margin:0;color:var(--muted)}
        .shares{margin:6px 0 0;display:grid;grid-template-columns:1fr auto;gap:1px 8px;font-size:12px;color:var(--muted)}
        .shares dt{position:relative;padding:0 5px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;z-index:0}
        .shares dt i{position:absolute;inset:1px auto 1px 0;background:var(--series-0);opacity:.22;border-radius:3px;z-index:-1}
        .shares dd{margin:0;font-variant-numeric:tabular-nums}
        details{margin-top:18px}summary{cursor:pointer;color:var(--accent);font-size:14px;width:max-content}
        details[open] summary{margin-bottom:10px}
        @media (max-width:600px){header,main{padding:0 14px}header{padding-top:24px}section{padding:18px 16px}\
        dl.facts{grid-template-columns:1fr;gap:0}dl.facts dd{margin-bottom:8px}.headline{grid-template-columns:1fr 1fr}}
        @media print{@page{margin:14mm}body{font-size:11pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}\
        header,main{max-width:none;padding:0}nav,details{display:none}\
        section{border:0;padding:0;margin:9mm 0}figure,tr,li,.figure,h2,.facts{break-inside:avoid}h2,h3{break-after:avoid}\
        .pictures{grid-template-columns:repeat(6,1fr)}}

        """
}
