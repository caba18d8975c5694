import Foundation

/// A part of a graph made ready to run again on other values: traced once, planned once.
public struct GraphFunction: Sendable {
    /// Whether this task is making one: values must not be looked at then.
    @TaskLocal public static var isBeingMade = false

    /// Where an input of the program comes from.
    private enum Source: Hashable {
        case argument(Int)
        /// A value that was there when the function was made.
        case constant(Int)
    }

    /// Where a result is found.
    public enum Result: Hashable, Sendable {
        case output(Int)
        /// An argument as it is.
        case argument(Int)
        case constant(Int)
    }

    private let program: Program
    private let executable: any Executable
    private let sources: [Source]
    /// Values that are neither arguments nor computed: they stay what they are.
    public let constants: [Node]
    private let constantValues: [Buffer]
    /// For each result that was asked for where it is found.
    public let results: [Result]
    /// The types of the program's outputs.
    public let outputTypes: [TensorType]
    /// The arguments whose memory a run writes over.
    public let overwrittenArguments: Set<Int>

    /// The function from some nodes with values to others that are computed from them.
    ///
    /// - Parameters:
    ///   - replaceable: arguments whose memory belongs to the function. Where they are results themselves they stay.
    ///   - start: made before all that belongs to the function.
    /// - Throws: what keeps the backend from preparing the program.
    public init(
        from arguments: [Node], to wanted: [Node], overwriting replaceable: Range<Int> = 0..<0, madeSince start: Node
    ) throws {
        Self.computeCaptured(wanted, madeBefore: start)
        var trace = try Trace(wanted, keepsShown: false)
        let places = Dictionary(
            zip(arguments.map(ObjectIdentifier.init), arguments.indices), uniquingKeysWith: { first, _ in first })
        var constants: [Node] = []
        sources = trace.inputs.map { node in
            if let argument = places[ObjectIdentifier(node)] { return .argument(argument) }
            constants.append(node.asCaptured)
            return .constant(constants.count - 1)
        }
        let inputs = Dictionary(
            zip(trace.inputs.map(ObjectIdentifier.init), sources), uniquingKeysWith: { first, _ in first })
        let outputs = Dictionary(
            uniqueKeysWithValues: trace.outputs.enumerated().map { place, number in
                (ObjectIdentifier(trace.nodes[Int(number)]), place)
            })
        results = wanted.map { node in
            switch inputs[ObjectIdentifier(node)] {
            case .argument(let number): .argument(number)
            case .constant(let number): .constant(number)
            case nil: .output(outputs[ObjectIdentifier(node)]!)
            }
        }
        self.constants = constants
        constantValues = constants.map { $0.value! }
        var overwritten: [Int: Int] = [:]  // the input's place by the argument's
        for (input, source) in sources.enumerated() {
            if case .argument(let number) = source, replaceable.contains(number), !results.contains(.argument(number)) {
                overwritten[number] = input
            }
        }
        overwrittenArguments = Set(overwritten.keys)
        trace.overwrite(inputs: overwritten.values.sorted())
        program = trace.program
        outputTypes = program.outputs.map(program.type)
        executable = try PlanCache.shared.executable(for: trace, on: Engine.backend)
    }

    /// Computes what was still pending when the function was traced: it is the same in all runs.
    static func computeCaptured(_ wanted: [Node], madeBefore start: Node) {
        var seen: Set<ObjectIdentifier> = []
        var captured: [Node] = []
        var stack = wanted
        while let node = stack.popLast() {
            guard !node.isEvaluated, seen.insert(ObjectIdentifier(node)).inserted else { continue }
            if node.isOlder(than: start) { captured.append(node) } else { stack += node.operands }
        }
        $isBeingMade.withValue(false) { Evaluator.evaluate(captured) }
    }

    /// The program's outputs for the arguments' values.
    public func run(_ arguments: [Buffer]) throws -> [Buffer] {
        EngineStatistics.counters.evaluations.add(1, ordering: .relaxed)
        let inputs = sources.map { source in
            switch source {
            case .argument(let number): arguments[number]
            case .constant(let number): constantValues[number]
            }
        }
        return try Profile.measure(.evaluation) { try Profile.measure(.running) { try executable.run(inputs) } }
    }

    /// What another trace of the same code computes otherwise, or nil for nothing.
    public func difference(from other: GraphFunction) -> String? {
        guard program == other.program, sources == other.sources, results == other.results else {
            return "its operations are others than before"
        }
        for (mine, others) in zip(constants, other.constants) where mine !== others {
            let (a, b) = (mine.value!, others.value!)
            if mine.type != others.type || memcmp(a.pointer, b.pointer, mine.type.byteCount) != 0 {
                return "a \(mine.type) that it reads is another than before"
            }
        }
        return nil
    }
}
