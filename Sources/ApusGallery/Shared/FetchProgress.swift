import Apus

/// A fetch shown as a bar over the bytes of its packages.
public final class FetchProgress {
    private let name: String
    private let output: any SystemOutput
    private var bar: ProgressBar?

    public init(_ name: String, output: any SystemOutput) {
        self.name = name
        self.output = output
    }

    /// Moves the bar on; unpacking and verifying leave it as it is.
    public func receive(_ progress: DataCatalogue.Progress) {
        switch progress {
        case .downloading(_, let bytes, let total):
            if bar == nil {
                bar = output.progressBar("Fetching \(name)", total: total, unit: "bytes")
                bar?.start(at: 0)
            }
            bar?.total = total
            bar?.update(completed: bytes)
        case .unpacking, .verifying: break
        case .done: bar?.finish()
        }
    }
}
