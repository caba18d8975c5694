import Foundation

/// What the engine says to the person running it, on standard error.
public enum Diagnostics {
    /// The level of `APUS_DEBUG`: 0 silent, from 1 on a line for each plan made and the plan cache's figures at the end,
    /// from 2 the steps of plans, from 3 programs, from 4 the time of each step with GFLOP/s and GB/s.
    public static let level: Int = ProcessInfo.processInfo.environment["APUS_DEBUG"].flatMap(Int.init) ?? 0

    /// Something the user should know, that work goes on with.
    public static func warn(_ message: String) { write("apus: warning: \(message)\n") }

    /// Something for who looks into the engine: shown from this level of `APUS_DEBUG` on.
    public static func debug(_ minimumLevel: Int, _ message: @autoclosure () -> String) {
        if level >= minimumLevel { write(message() + "\n") }
    }

    private static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
