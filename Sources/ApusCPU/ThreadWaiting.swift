import Foundation

/// How the engine's threads wait for each other.
public enum ThreadWaiting {
    /// Turns of the waiting loop before a thread sleeps: some tens of microseconds.
    private static let turns = "20000"

    /// Starts the program anew with short waits, unless the environment says how to wait. Call it first thing in `main`.
    ///
    /// libgomp's threads spin for milliseconds before they sleep. Where other programs want the processors, a spinning thread keeps the one
    /// it waits for from running, and training slows down by ten times and more. libgomp reads its settings when it is loaded,
    /// which is before `main`.
    public static func shorten() {
        let environment = ProcessInfo.processInfo.environment
        if environment["GOMP_SPINCOUNT"] != nil || environment["OMP_WAIT_POLICY"] != nil { return }
        setenv("GOMP_SPINCOUNT", turns, 1)
        execv("/proc/self/exe", CommandLine.unsafeArgv)
        // Where the program can't be started anew (no /proc), it goes on with long waits.
    }
}
