import ApusTensor
import ApusTestSupport
import Testing

/// Loops against the same steps written out, and their gradients.
@Suite("Loops")
struct LoopTests {
    private let maker = TensorMaker(seed: 5)

    private func values(_ shape: Shape, dtype: DType = .float64) -> Tensor {
        maker.uniform(shape, in: -1...1, dtype: dtype)
    }

    /// A step that uses the state, the element and what it captures.
    private func step(_ h: Tensor, _ x: Tensor, _ w: Tensor) -> Tensor { tanh(matmul(h, w) + x) }

    @Test(arguments: [DType.float32, .float64, .bfloat16], [false, true])
    func aScanIsItsStepsOneByOne(_ dtype: DType, reversed: Bool) {
        for backend in TestedBackend.allCases {
            backend.run { check(dtype, reversed) }
        }

        func check(_ dtype: DType, _ reversed: Bool) {
            let (h, x, w) = (
                values([2, 3], dtype: dtype), values([5, 2, 3], dtype: dtype), values([3, 3], dtype: dtype)
            )
            let (last, outputs) = scan(h, over: x, reversed: reversed) { h, x in
                let next = step(h, x, w)
                return (next, next * 2)
            }
            var (state, expected) = (h, [Tensor](repeating: h, count: 5))
            for t in reversed ? [4, 3, 2, 1, 0] : [0, 1, 2, 3, 4] {
                state = step(state, x[t], w)
                expected[t] = state * 2
            }
            expectClose(last, state)
            expectClose(outputs, stack(expected, axis: 0))
        }
    }

    @Test(arguments: TestedBackend.allCases) func statesOfSeveralTypesTradePlaces(_ backend: TestedBackend) {
        backend.run {
            let numbers = Tensor([3, 1, 4, 1, 5])
            let start = [Tensor(0), Tensor(1), Tensor([1.5, 2.5]), Tensor([true, false])]
            let (state, outputs) = scan(start, over: [numbers]) { state, elements in
                // Fibonacci: the first two are written over each other.
                (
                    [state[1], state[0] + state[1], state[2], .!state[3]],
                    [state[0] * elements[0], state[3], elements[0]]
                )
            }
            #expect(state.prefix(2).map { $0.item(as: Int.self) } == [5, 8])
            expectClose(state[2], start[2])
            #expect(state[3].elements(as: Bool.self) == [false, true])
            #expect(outputs[0].elements() == [0, 1, 4, 2, 15])
            #expect(
                outputs[1].elements(as: Bool.self) == [true, false, false, true, true, false, false, true, true, false])
            #expect(outputs[2].elements() == [3, 1, 4, 1, 5])
        }
    }

    @Test(arguments: TestedBackend.allCases) func noStepsAndNoElements(_ backend: TestedBackend) {
        backend.run {
            let (last, outputs) = scan(Tensor([1.0, 2.0]), over: Tensor.zeros([0, 2])) { h, x in (h + x, h) }
            expectClose(last, [1, 2])
            #expect(outputs.shape == [0, 2])
            let (empty, rows) = scan(Tensor.zeros([0]), over: Tensor.zeros([3, 0])) { h, x in (h + x, x) }
            #expect(empty.elements() == [Double]() && rows.shape == [3, 0])
            #expect(rows.elements() == [Double]())
            expectClose(repeated(0, [Tensor(2.0)]) { _, state in [state[0] * 2] }[0], [2])
        }
    }

    @Test(arguments: TestedBackend.allCases) func stepsAreNumbered(_ backend: TestedBackend) {
        backend.run {
            let sum = repeated(10, [Tensor(0)]) { number, state in [state[0] + number] }[0]
            #expect(sum.item() == 45)
            // A large state that changes at one place.
            let squares = repeated(6, [Tensor.zeros([6])]) { number, state in
                [state[0].replacing(at: number.reshaped(1), with: number.cast(to: .float32).reshaped(1) * 2)]
            }[0]
            expectClose(squares, [0, 2, 4, 6, 8, 10])
        }
    }

    @Test(arguments: TestedBackend.allCases) func aConditionEndsALoop(_ backend: TestedBackend) {
        backend.run {
            func root(_ a: Tensor, limit: Int?) -> Tensor {
                whileLoop([a], limit: limit) {
                    abs($0[0] * $0[0] - a).max() .> 1e-9
                } step: {
                    [($0[0] + a / $0[0]) * 0.5]
                }[0]
            }
            let a = Tensor([2.0, 9, 100], dtype: .float64)
            expectClose(root(a, limit: nil), sqrt(a))
            expectClose(root(a, limit: 30), sqrt(a))
            expectClose(root(a, limit: 1), (a + 1) * 0.5)
            expectClose(root(Tensor([4.0], dtype: .float64), limit: 0), [4])
            // Collatz: the state says how many steps there were.
            let steps = whileLoop([Tensor(27), Tensor(0)]) {
                $0[0] .> 1
            } step: { state in
                let n = state[0]
                return [`where`(n % 2 .== 0, floorDivide(n, 2), n * 3 + 1), state[1] + 1]
            }[1]
            #expect(steps.item() == 111)
        }
    }

    @Test(arguments: TestedBackend.allCases) func aLoopInALoop(_ backend: TestedBackend) {
        backend.run {
            let x = values([3, 4])
            let (total, _) = scan(Tensor(0.0, dtype: .float64), over: x) { total, row in
                let (sum, _) = scan(total, over: row) { sum, element in (sum * 0.5 + element, sum) }
                return (sum, sum)
            }
            var expected = 0.0
            for element in x.elements(as: Double.self) { expected = expected * 0.5 + element }
            expectClose(total, [expected])
        }
    }

    // MARK: Gradients

    @Test(arguments: TestedBackend.allCases, [false, true])
    func gradientsOfAScan(_ backend: TestedBackend, reversed: Bool) {
        backend.run {
            checkSecondGradients(at: [values([2]), values([3, 2]), values([2, 2])]) { inputs in
                let (last, outputs) = scan(inputs[0], over: inputs[1], reversed: reversed) { h, x in
                    let next = tanh(matmul(inputs[2], h) + x)
                    return (next, next * x)
                }
                return concatenate([last, outputs.flattened()], axis: 0)
            }
        }
    }

    @Test func gradientsByStatesOfSeveralTypes() {
        checkGradients(at: [values([2]), values([2]), values([3, 2])]) { inputs in
            let (state, outputs) = scan([inputs[0], Tensor(0), inputs[1]], over: [inputs[2], Tensor([2, 0, 1])]) {
                state, elements in
                let weight = (elements[1] + state[1]).cast(to: .float64)
                return ([state[2], state[1] + 1, state[0] * elements[0] * weight], [state[0], state[1]])
            }
            return state[0] + state[2] + outputs[0].sum(axes: 0)
        }
    }

    @Test func gradientsOfALoopInALoop() {
        checkSecondGradients(at: [values([2, 3]), values([])]) { inputs in
            scan(inputs[1], over: inputs[0]) { total, row in
                let (sum, _) = scan(total, over: row) { sum, x in (sin(sum) + x * inputs[1], sum) }
                return (sum, sum * total)
            }.outputs
        }
    }

    @Test(arguments: TestedBackend.allCases) func gradientsThroughACondition(_ backend: TestedBackend) {
        backend.run {
            // It takes another number of steps for each input, and none for the last.
            for start in [0.3, 0.9, 1.6, 3] {
                checkSecondGradients(at: [Tensor(start, dtype: .float64), Tensor(1.3, dtype: .float64)], "\(start)") {
                    inputs in
                    whileLoop([inputs[0]], limit: 12) {
                        $0[0] .< 2
                    } step: {
                        [$0[0] * inputs[1] + 0.1]
                    }[0]
                }
            }
        }
    }

    @Test func checkpointsInsideOfALoop() {
        checkGradients(at: [values([2]), values([3, 2])]) { inputs in
            scan(inputs[0], over: inputs[1]) { h, x in (checkpoint([h, x]) { tanh($0[0]) * $0[1] }, h) }.state
        }
        checkGradients(at: [values([3, 2])]) { inputs in vmap(inputs[0]) { checkpoint([$0]) { exp($0[0]) } } }
    }

    @Test func aLoopWithoutLimitHasNoGradient() {
        #expect(throws: TensorError.self) {
            try withTensorErrors {
                gradient(at: Tensor(2.0)) { x in
                    whileLoop([x]) {
                        $0[0] .< 9
                    } step: {
                        [$0[0] * 2]
                    }[0]
                }
            }
        }
    }

    /// Long sequences stay one step in the graph; sums over their steps lose nothing in 16 bits.
    @Test func longSequences() {
        let steps = 20_000
        let x = Tensor.ones([steps])
        let slope = gradient(at: Tensor(1.0)) { w in
            scan(Tensor(0.0), over: x) { sum, x in (sum * 0.5 + w * x, sum) }.state
        }
        expectClose(slope, [2])
        let counted = gradient(at: Tensor(1.0, dtype: .bfloat16)) { w in
            scan(Tensor(0.0), over: x) { sum, x in (sum + (w * x.cast(to: .bfloat16)).cast(to: .float32), sum) }.state
        }
        expectClose(counted, [20_000], .rounding(of: .bfloat16))
    }

    // MARK: What surrounds them

    @Test func whatDependsOnNoStateIsComputedOnce() {
        let (x, w) = (values([50, 4], dtype: .float32), values([4, 4], dtype: .float32))
        let steps = PlanRecorder.steps {
            let (_, outputs) = scan(Tensor.zeros([4]), over: x) { h, x in
                let next = matmul(h.reshaped(1, 4), matmul(w, w)).reshaped(4) + x
                return (next, next)
            }
            outputs.evaluated()
        }
        #expect(steps.filter { $0.contains("loop of 50 steps") }.count == 1)
        #expect(steps.filter { $0.contains("matmul") }.count == 1, "\(steps)")
    }

    @Test func aCompiledStepHasALoop() {
        let w = values([3, 3], dtype: .float32)
        func last(_ x: Tensor) -> Tensor { scan(Tensor.zeros([1, 3]), over: x) { h, x in (step(h, x, w), h) }.state }
        let compiled = compile(last)
        for _ in 0..<5 {
            let x = values([4, 1, 3], dtype: .float32)
            expectClose(compiled(x), last(x))
        }
    }

    @Test(arguments: TestedBackend.allCases) func randomNumbersDifferFromStepToStep(_ backend: TestedBackend) {
        backend.run {
            func noise() -> Tensor {
                withSeed(7) {
                    scan(Tensor(0.0), over: Tensor.zeros([4])) { state, _ in
                        let inner = scan(Tensor(0.0), over: Tensor.zeros([3])) { state, _ in (state, .uniform([])) }
                            .outputs
                        return (state, inner)
                    }.outputs
                }
            }
            let drawn: [Double] = noise().elements()
            #expect(Set(drawn).count == 12)
            #expect(noise().elements() == drawn)
        }
    }

    /// What a step drew is drawn again when the gradient computes the step anew.
    @Test func gradientsSeeTheSameRandomNumbers() {
        let x = Tensor.ones([5, 8])
        let (_, kept, gradients) = withSeed(3) {
            valueAndGradients(at: [x]) { inputs in
                let (sum, outputs) = scan(Tensor(0.0), over: inputs[0]) { sum, x in
                    let kept = `where`(Tensor.bernoulli([8], probability: 0.5), x, 0)
                    return (sum + kept.sum(), kept)
                }
                return (sum, outputs)
            }
        }
        expectClose(gradients[0], kept)
        #expect(kept.sum().item(as: Double.self) > 0 && kept.sum().item(as: Double.self) < 40)
    }

    @Test func mistakesInAStepAreNamed() throws {
        let x = Tensor([1, 7, 1])
        #expect(throws: TensorError.self, "an index out of range") {
            try withTensorErrors {
                scan(Tensor(0.0), over: x) { sum, index in (sum + Tensor([1.0, 2]).gathered(index, axis: 0), sum) }
                    .state
                    .evaluated()
            }
        }
        let error = try #require(throws: TensorError.self) {
            try withTensorErrors {
                repeated(3, [Tensor.zeros([2])]) { _, state in [concatenate([state[0], state[0]], axis: 0)] }
            }
        }
        #expect(error.message == "loop: the state is [float32[2]] before a step and [float32[4]] after it")
        #expect(throws: TensorError.self) { try withTensorErrors { scan([], over: []) { ($0, $1) }.state } }
        #expect(throws: TensorError.self) {
            try withTensorErrors {
                whileLoop([Tensor([1.0, 2])]) {
                    $0[0] .< 9
                } step: {
                    $0
                }
            }
        }
    }
}
