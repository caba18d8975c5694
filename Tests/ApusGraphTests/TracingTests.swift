import ApusGraph
import ApusReference
import Testing

@Suite struct TracingTests {
    @Test func aSharedNodeIsComputedOnce() {
        let backend = RecordingBackend()
        let x = vector([1, 2]).node
        let shared = x + x
        #expect(value(of: shared * shared, on: backend).values == [4, 16])
        let program = backend.programs[0]
        #expect(program.inputs == [TensorType([2], .float32)])
        #expect(program.instructions.map(\.operation) == [.binary(.add), .binary(.multiply)])
        #expect(program.instructions.map(\.operands) == [[0, 0], [1, 1]])
        #expect(program.outputs == [2])
    }

    @Test func anInputSharedByManyIsOneInput() {
        let backend = RecordingBackend()
        let (x, y) = (scalar(3).node, scalar(4).node)
        #expect(value(of: (x * y) + (y * x), on: backend).values == [24])
        #expect(backend.programs[0].inputs.count == 2)
    }

    @Test func aDiamondOfDepthSixtyIsLinear() {
        let backend = RecordingBackend()
        var node = scalar(1).node
        for _ in 0..<60 { node = node + node }
        #expect(value(of: node, on: backend).values == [0x1p60])
        #expect(backend.programs[0].instructions.count == 60)
    }

    @Test func equalProgramsArePreparedOnceWhateverTheirInputs() {
        let backend = RecordingBackend()
        func step(_ a: Double, _ b: Double) -> [Double] {
            value(of: (scalar(a).node + scalar(b).node) * scalar(2).node, on: backend).values
        }
        #expect(step(1, 2) == [6])
        #expect(step(3, 4) == [14])
        #expect(step(-1, 1) == [0])
        #expect(backend.programs.count == 1)
    }

    @Test func anotherShapeIsAnotherProgram() {
        let backend = RecordingBackend()
        for count in [1, 2, 1, 2, 0] {
            let ones = [Double](repeating: 1, count: count)
            #expect(value(of: vector(ones).node + vector(ones).node, on: backend).values == ones.map { $0 + 1 })
        }
        #expect(backend.programs.count == 3)
    }

    @Test func anotherBackendPreparesForItself() {
        let (first, second) = (RecordingBackend(), RecordingBackend())
        _ = value(of: scalar(1).node + scalar(1).node, on: first)
        _ = value(of: scalar(1).node + scalar(1).node, on: second)
        #expect(first.programs == second.programs)
        #expect(first.programs.count == 1)
    }

    @Test func whatATensorShowsOnTheWayIsKept() {
        let (shown, hidden) = (scalar(1).node + scalar(2).node, scalar(1).node + scalar(3).node)
        shown.retainForUser()
        #expect(value(of: shown * hidden).values == [12])
        #expect(shown.isEvaluated)
        #expect(!hidden.isEvaluated)
    }

    @Test func anEvaluatedNodeForgetsItsOperandsAndBecomesAnInput() {
        let backend = RecordingBackend()
        let sum = scalar(1).node + scalar(2).node
        _ = value(of: sum, on: backend)
        #expect(sum.operands.isEmpty)
        #expect(value(of: sum * sum, on: backend).values == [9])
        #expect(backend.programs[1].instructions.count == 1)
    }

    @Test func whatAGradientMayStillAskForIsRemembered() {
        let scope = GradientScope(parent: nil)
        let type = TensorType([], .float32)
        let root = Node(.variable, [scalar(3).node], type: type, scope: scope)
        let square = root * root
        #expect(square.scope === scope)
        #expect(value(of: square).values == [9])
        #expect(square.operands.count == 2)
        scope.close()
        Evaluator.evaluate([square])
        #expect(square.operands.isEmpty)
    }

    @Test func severalAtOnceAndTheSameTwice() {
        let backend = RecordingBackend()
        let (a, b) = (scalar(1).node + scalar(2).node, scalar(3).node)
        let product = a * b
        Engine.withBackend(backend) { Evaluator.evaluate([a, product, a, b]) }
        #expect(value(of: a).values == [3])
        #expect(value(of: product).values == [9])
        #expect(backend.programs.count == 1)
    }
}
