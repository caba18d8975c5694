import ApusGraph
import Foundation

extension ReferenceTensor {
    /// `exp(x − m) / Σ exp(x − m)` with `m` the line's maximum, so that nothing overflows.
    func softmax(axis: Int) -> ReferenceTensor {
        mappingLines(along: axis) { line in
            let maximum = line.reduce(-Double.infinity, BinaryOperation.maximum.applied)
            let exponentials = line.map { exp($0 - maximum) }
            let sum = exponentials.reduce(0, +)
            return exponentials.map { $0 / sum }
        }
    }

    /// `x − m − log Σ exp(x − m)`
    func logSoftmax(axis: Int) -> ReferenceTensor {
        mappingLines(along: axis) { line in
            let maximum = line.reduce(-Double.infinity, BinaryOperation.maximum.applied)
            let logarithm = log(line.reduce(0) { $0 + exp($1 - maximum) })
            return line.map { $0 - maximum - logarithm }
        }
    }

    private func mappingLines(along axis: Int, _ transform: ([Double]) -> [Double]) -> ReferenceTensor {
        let x = floats
        var result = x
        for line in shape.lines(along: axis) {
            for (offset, value) in zip(line, transform(line.map { x[$0] })) { result[offset] = value }
        }
        return ReferenceTensor(type, floats: result)
    }
}

extension ApusGraph.Operation {
    /// The value of a composite, by what it is in simpler operations, rounded when all of them are done.
    func evaluatedByDefinition(on operands: [ReferenceTensor]) throws(TensorError) -> ReferenceTensor {
        let values = operands.map { $0.cast(to: .float64) }
        var builder = ProgramBuilder(inputs: values.map(\.type))
        let result = definition(on: Array(operands.indices), in: &builder)!
        var program = builder.program(outputs: [])
        program.outputs = [result]
        return try program.evaluated(on: values)[0].cast(to: operands[0].dtype)
    }
}
