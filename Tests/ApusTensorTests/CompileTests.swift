import ApusTensor
import ApusTestSupport
import Testing

@Suite("compile") struct CompileTests {
    /// What is captured before it is computed is a constant all the same, whenever somebody looks at it.
    @Test func pendingTensorsAreCaptured() {
        let weight = exp(Tensor([0.0, 1.0])) * 2
        let compiled = compile { $0 * weight }
        let x = Tensor([3.0, 4.0])
        for _ in 0..<3 {
            expectClose(compiled(x), x * weight)
            weight.evaluated()
        }
    }

    @Test func runsWithoutTracingAnew() {
        var calls = 0
        let f = compile { (x: Tensor, y: Tensor) in
            calls += 1
            return (x * y).sum() + 1
        }
        for i in 1...20 { #expect(f(Tensor([1.0, 2, Double(i)]), Tensor([3.0, 4, 5])).item() == Double(12 + 5 * i)) }
        // Traced at the first call, and for the check at the 2nd, 4th, 8th and 16th.
        #expect(calls == 5)
    }

    @Test func anotherTypeIsTracedForItself() {
        var calls = 0
        let f = compile { (x: Tensor) in
            calls += 1
            return x + x
        }
        #expect(f(Tensor([1.0])).elements(as: Float.self) == [2])
        #expect(f(Tensor([1.0, 2])).elements(as: Float.self) == [2, 4])
        #expect(f(Tensor([1, 2])).elements(as: Int.self) == [2, 4])
        #expect(calls == 3)
    }

    @Test func givesBackArgumentsAndConstants() {
        let constant = Tensor([7.0])
        let f = compile { (tensors: [Tensor]) in [tensors[1], constant, tensors[0] + tensors[1], tensors[1]] }
        for x in [1.0, 2, 3] {
            let results = f([Tensor([x]), Tensor([10.0])]).map { $0.item() }
            #expect(results == [10, 7, x + 10, 10])
        }
    }

    @Test func anArgumentMayBeGivenTwice() {
        let f = compile { (x: Tensor, y: Tensor) in x - y }
        let x = Tensor([3.0])
        #expect(f(x, x).item() == 0)
        #expect(f(x, Tensor([1.0])).item() == 2)
    }

    @Test func insideOfAGradientItIsTheFunctionItself() {
        let f = compile { (x: Tensor) in (x * x).sum() }
        _ = f(Tensor([1.0, 2]))
        #expect(gradient(at: Tensor([1.0, 2])) { f($0) }.elements(as: Float.self) == [2, 4])
    }

    @Test func oneMayCallAnother() {
        let inner = compile { (x: Tensor) in x * 2 }
        let outer = compile { (x: Tensor) in inner(x) + 1 }
        for x in [1.0, 5, 9] { #expect(outer(Tensor([x])).item() == 2 * x + 1) }
    }

    @Test func anErrorOfTheValuesIsThrown() {
        let f = compile { (x: Tensor, i: Tensor) in x.gathered(i, axis: 0) }
        #expect(throws: TensorError.self) { try withTensorErrors { _ = f(Tensor([1.0, 2]), Tensor([5])) } }
        #expect(f(Tensor([1.0, 2]), Tensor([1])).item() == 2)
    }

    /// The stream of random numbers is the one that it would be without compiling, looks at the function included.
    @Test(arguments: [true, false]) func randomNumbersAreDrawnAnew(_ isCurrent: Bool) {
        let (own, others) = (Generator(seed: 1), Generator(seed: 1))
        func noisy(_ x: Tensor) -> Tensor { x + Tensor.normal(x.shape, generator: isCurrent ? .current : own) }
        let f = compile { (x: Tensor) in noisy(x) * noisy(x) }
        for i in 0..<9 {
            let x = Tensor([Double(i), 1])
            let noise = { x + Tensor.normal(x.shape, generator: others) }
            let expected = noise() * noise()
            expectClose(isCurrent ? withGenerator(own) { f(x) } : f(x), expected)
        }
    }

    // MARK: Wrong uses

    /// A captured number would stay what it was when the function was traced.
    @Test func aCapturedNumberThatChangesTraps() async {
        await #expect(processExitsWith: .failure) {
            var rate = 0.1
            let f = compile { (x: Tensor) in x * rate }
            _ = f(Tensor([1.0]))
            rate = 0.2
            _ = f(Tensor([1.0]))
        }
    }

    /// A captured tensor would stay what it was.
    @Test func aCapturedTensorThatChangesTraps() async {
        await #expect(processExitsWith: .failure) {
            var weight = Tensor([1.0, 2])
            let f = compile { (x: Tensor) in x * weight }
            _ = f(Tensor([1.0, 1]))
            weight = Tensor([3.0, 4])
            _ = f(Tensor([1.0, 1]))
        }
    }

    /// A branch on a value would be taken for good.
    @Test func lookingAtAValueTraps() async {
        await #expect(processExitsWith: .failure) {
            let f = compile { (x: Tensor) in (x * 2).item() > 0 ? x : -x }
            _ = f(Tensor([1.0]))
        }
    }
}
