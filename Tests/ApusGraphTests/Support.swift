import ApusGraph
import ApusReference
import Synchronization

/// Shorthand for the oracle's values.
func tensor(_ shape: Shape, _ values: [Double], _ dtype: DType = .float32) -> ReferenceTensor {
    let type = TensorType(shape, dtype)
    return dtype.isFloatingPoint
        ? ReferenceTensor(type, floats: values) : ReferenceTensor(type, integers: values.map { Int64($0) })
}

func vector(_ values: [Double], _ dtype: DType = .float32) -> ReferenceTensor {
    tensor([values.count], values, dtype)
}

func scalar(_ value: Double, _ dtype: DType = .float32) -> ReferenceTensor { tensor([], [value], dtype) }

/// 0, 1, 2 … in a shape.
func counting(_ shape: Shape, _ dtype: DType = .float32) -> ReferenceTensor {
    tensor(shape, (0..<shape.elementCount).map(Double.init), dtype)
}

extension ReferenceTensor {
    /// The elements of any dtype as `Double`.
    var values: [Double] {
        switch elements {
        case .floats(let values): values
        case .integers(let values): values.map(Double.init)
        }
    }

    var node: Node { Node(buffer, type: type) }
}

/// One operation on the reference backend, its result type inferred.
func run(_ operation: Operation, _ operands: ReferenceTensor...) throws -> ReferenceTensor {
    let types = operands.map(\.type)
    let type = try operation.resultType(types)
    let instruction = Program.Instruction(operation, Array(operands.indices), type)
    let program = Program(inputs: types, instructions: [instruction], outputs: [operands.count])
    let buffers = try ReferenceBackend.shared.prepare(program).run(operands.map(\.buffer))
    return ReferenceTensor(buffers[0], type: type)
}

/// The reference backend, keeping a record of the programs that it was asked to prepare.
final class RecordingBackend: Backend {
    let name = "recording"
    private let record = Mutex<[Program]>([])

    var programs: [Program] { record.withLock { $0 } }

    func prepare(_ program: Program) throws -> any Executable {
        record.withLock { $0.append(program) }
        return try ReferenceBackend.shared.prepare(program)
    }
}

/// The value of a node, computed on a backend where it is not known yet.
func value(of node: Node, on backend: any Backend = ReferenceBackend.shared) -> ReferenceTensor {
    Engine.withBackend(backend) { Evaluator.evaluate([node]) }
    return ReferenceTensor(node.value!, type: node.type)
}

func + (a: Node, b: Node) -> Node { .make(.binary(.add), [a, b]) }
func * (a: Node, b: Node) -> Node { .make(.binary(.multiply), [a, b]) }
