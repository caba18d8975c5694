import Synchronization

/// Something that can run programs.
public protocol Backend: AnyObject, Sendable {
    var name: String { get }

    /// Turns a program into something to run. The result is kept and run again for every equal program.
    func prepare(_ program: Program) throws -> any Executable
}

/// A program made ready. Several threads may run it at once.
public protocol Executable: AnyObject, Sendable {
    /// - Parameter inputs: one buffer for each input of the program, in order. Those of its `reusableInputs` may be overwritten.
    /// - Returns: one buffer for each output.
    /// - Throws: `TensorError` for what only the values show, such as an index out of range.
    func run(_ inputs: [Buffer]) throws -> [Buffer]
}

/// Which backend evaluates.
public enum Engine {
    @TaskLocal private static var override: (any Backend)?
    private static let installed = Mutex<(any Backend)?>(nil)

    /// The backend for this task: the one of `withBackend`, else the one installed.
    public static var backend: any Backend {
        guard let backend = override ?? installed.withLock({ $0 }) else {
            fatalError("no backend is installed: call Engine.install before the first tensor is looked at")
        }
        return backend
    }

    /// Makes `backend` the default of the process.
    public static func install(_ backend: any Backend) { installed.withLock { $0 = backend } }

    /// Evaluates everything that `body` looks at on another backend.
    public static func withBackend<Result>(_ backend: any Backend, _ body: () throws -> Result) rethrows -> Result {
        try $override.withValue(backend, operation: body)
    }
}
