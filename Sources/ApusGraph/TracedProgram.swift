/// What a function computes, as a program: for those who write it down elsewhere, on arguments that have no values.
package struct TracedProgram: Sendable {
    /// Where an input of the program comes from.
    package enum Input: Sendable {
        /// The function's argument of this number.
        case argument(Int)
        /// A value that the function found: a weight, a number.
        case value(Node)
    }

    /// The program; its outputs are the function's results in their order.
    package let program: Program
    /// For each input of the program.
    package let inputs: [Input]

    /// Whether this task is tracing a function. Values that depend on no argument may be looked at then.
    @TaskLocal static var isBeingMade = false

    /// Calls `function` on nodes of some types that have no values.
    ///
    /// - Throws: `TensorError` where the function makes a mistake, or looks at a value that depends on an argument.
    package init(of types: [TensorType], _ function: ([Node]) throws -> [Node]) throws {
        let start = Node.placeholder(TensorType([], .bool))
        let arguments = types.map(Node.placeholder)
        let (trace, wanted) = try GraphFunction.$isBeingMade.withValue(true) {
            try Self.$isBeingMade.withValue(true) {
                try withTensorErrors {
                    let wanted = try function(arguments)
                    GraphFunction.computeCaptured(wanted, madeBefore: start)
                    return (try Trace(wanted, keepsShown: false), wanted)
                }
            }
        }
        let places = Dictionary(uniqueKeysWithValues: zip(arguments.map(ObjectIdentifier.init), arguments.indices))
        inputs = trace.inputs.map { node in
            places[ObjectIdentifier(node)].map(Input.argument) ?? .value(node.asCaptured)
        }
        let numbers = Dictionary(
            uniqueKeysWithValues: zip((trace.inputs + trace.nodes).map(ObjectIdentifier.init), 0...))
        var program = trace.program
        program.outputs = wanted.map { numbers[ObjectIdentifier($0)]! }
        self.program = program
    }
}
