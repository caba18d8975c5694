import ApusCPU
import ApusNN
import ApusOptim
import ApusTestSupport
import Synchronization
import Testing

private final class Network: Module, Layer {
    let hidden: Linear
    let norm = BatchNorm1d(16)
    let output: Linear

    init(_ inputs: Int, _ outputs: Int) {
        (hidden, output) = (Linear(inputs, 16), Linear(16, outputs))
    }

    func callAsFunction(_ x: Tensor) -> Tensor { output(relu(norm(hidden(x)))) }
}

/// Two networks that are trained against each other, each with two products forward.
private struct Pair {
    let generator = withSeed(1) { Network(4, 6) }
    let discriminator = withSeed(2) { Network(6, 1) }
    let ofGenerator: Optimizer
    let ofDiscriminator: Optimizer
    let real = withSeed(3) { Tensor.normal([8, 6]).evaluated() }
    let noise = withSeed(4) { Tensor.normal([8, 4]).evaluated() }

    init() {
        ofGenerator = SGD(generator, learningRate: 0.1)
        ofDiscriminator = SGD(discriminator, learningRate: 0.1)
    }

    /// Each network's step makes images of its own.
    func separateSteps() {
        let (_, judged) = valueAndGradients(discriminator) { ($0(real) - $0(generator(noise))).mean() }
        ofDiscriminator.step(judged)
        let (_, made) = valueAndGradients(generator) { discriminator($0(noise)).mean() }
        ofGenerator.step(made)
    }

    /// The discriminator's step stands between the images and what is said of them.
    func sharedStep() {
        let (_, gradients) = valueAndGradients(generator) { generator in
            let made = generator(noise)
            let (_, judged) = valueAndGradients(discriminator) { ($0(real) - $0(stopGradient(made))).mean() }
            ofDiscriminator.step(judged)
            return discriminator(made).mean()
        }
        ofGenerator.step(gradients)
    }

    var state: StateDictionary {
        generator.stateDictionary().merging(discriminator.stateDictionary().map { ("judge." + $0, $1) }) { a, _ in a }
    }
}

/// Runs programs on the processor and counts their matrix products.
private final class ProductCounter: Backend {
    let name = "counter"
    private let products = Atomic<Int>(0)

    private final class Counted: Executable {
        let executable: any Executable
        let products: Int
        let counter: ProductCounter

        init(_ program: Program, _ counter: ProductCounter) throws {
            executable = try CPUBackend.shared.prepare(program)
            products = program.instructions.count { $0.operation == .matmul }
            self.counter = counter
        }

        func run(_ inputs: [ApusGraph.Buffer]) throws -> [ApusGraph.Buffer] {
            counter.products.add(products, ordering: .relaxed)
            return try executable.run(inputs)
        }
    }

    func prepare(_ program: Program) throws -> any Executable { try Counted(program, self) }

    /// The matrix products that `body` runs.
    static func count(_ body: () -> Void) -> Int {
        let counter = ProductCounter()
        Engine.withBackend(counter, body)
        return counter.products.load(ordering: .relaxed)
    }
}

/// A step of two networks runs nothing twice: neither for the buffers of the other network nor for a gradient that comes later.
@Suite("Two networks") struct TwoNetworkTests {
    // The discriminator: 4 forward, and backward 4 by weights and 2 by the hidden values. The generator: 2 and 3, and 4 through the
    // discriminator.
    private static let products = 19

    @Test func buffersOfTheOtherNetworkBelongToTheStep() {
        let pair = Pair()
        for _ in 0..<3 {
            let count = ProductCounter.count {
                pair.separateSteps()
                evaluate(pair.state.values)
            }
            #expect(count == Self.products + 2)  // images twice
        }
    }

    @Test func aLaterGradientFindsWhatAStepInsideOfItsLossHasComputed() {
        let pair = Pair()
        for _ in 0..<3 {
            let count = ProductCounter.count {
                pair.sharedStep()
                evaluate(pair.state.values)
            }
            #expect(count == Self.products)
        }
    }

    @Test func lookingAtTheLossInsideOfItRunsTheModelOnce() {
        let pair = Pair()
        let count = ProductCounter.count {
            let (_, gradients) = valueAndGradients(pair.discriminator) {
                let loss = $0(pair.real).mean()
                _ = loss.item()
                return loss
            }
            pair.ofDiscriminator.step(gradients)
        }
        #expect(count == 5)
    }

    @Test func bothStepsComeToTheSame() {
        let (separate, shared) = (Pair(), Pair())
        for _ in 0..<3 {
            separate.separateSteps()
            shared.sharedStep()
        }
        let expected = separate.state
        for (name, tensor) in shared.state where !expected[name]!.dtype.isInteger && !name.contains("running") {
            expectClose(tensor, expected[name]!)
        }
    }

    @Test func aStepInsideOfALossOverwritesItsParameters() {
        let pair = Pair()
        pair.sharedStep()
        let weight = pair.discriminator.hidden.weight.buffer.pointer
        pair.sharedStep()
        #expect(pair.discriminator.hidden.weight.buffer.pointer == weight)
    }
}
