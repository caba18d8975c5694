import ApusNN
import ApusOptim
import ApusTestSupport
import Testing

private final class Symmetric: Parametrization {
    override func value(of originals: [Tensor]) -> Tensor {
        originals[0].upperTriangle() + originals[0].upperTriangle(offset: 1).T
    }
}

private final class Scaled: Parametrization {
    @Parameter var factor = Tensor([2.0])
    override func value(of originals: [Tensor]) -> Tensor { originals[0] * factor }
    override func originals(of value: Tensor) -> [Tensor] { [value / factor] }
}

@Suite struct ParametrizationTests {
    @Test func statesAreNamedAsInPyTorch() {
        let layer = Linear(3, 3)
        layer.$weight.parametrize(Symmetric())
        layer.$weight.parametrize(Scaled())
        #expect(
            layer.namedParameters.map(\.name) == [
                "parametrizations.weight.original", "parametrizations.weight.1.factor", "bias",
            ])
        let other = Sequential(Linear(2, 2), Linear(2, 2))
        (other[1] as! Linear).$weight.parametrize(WeightNorm())
        (other[0] as! Linear).$bias.prune(.smallest, amount: 1)
        #expect(
            Set(other.stateDictionary().keys) == [
                "0.weight", "0.bias_orig", "0.bias_mask", "1.parametrizations.weight.original0",
                "1.parametrizations.weight.original1", "1.bias",
            ])
        let recurrent = LSTM(2, 3)
        #expect(recurrent.slot(named: "weight_hh_l0") != nil)
        recurrent.slot(named: "weight_hh_l0")!.parametrize(WeightNorm())
        #expect(recurrent.stateDictionary()["parametrizations.weight_hh_l0.original0"]?.shape == [12, 1])
    }

    @Test func valuesAreAssignedThroughWhatTheyPass() {
        let layer = Linear(2, 2)
        layer.$weight.parametrize(Scaled())
        let value = Tensor([[1.0, 2], [3, 4]])
        layer.weight = value
        expectClose(layer.weight, value)
        expectClose(layer.stateDictionary()["parametrizations.weight.original"]!, value / 2)
        layer.$weight.removeParametrizations()
        #expect(layer.namedParameters.map(\.name) == ["weight", "bias"])
        expectClose(layer.weight, value)

        layer.$weight.parametrize(Symmetric())
        expectClose(layer.weight, [1, 2, 2, 4])
        layer.$weight.removeParametrizations(keepingValue: false)
        expectClose(layer.weight, value)
    }

    @Test(arguments: TestedBackend.allCases) func stepsTrainTheOriginals(on backend: TestedBackend) {
        backend.run {
            let x = withSeed(1) { Tensor.normal([8, 3]).evaluated() }
            func trained(_ isCompiled: Bool) -> StateDictionary {
                let model = withSeed(2) { Sequential(Linear(3, 4), ReLU(), Linear(4, 3)) }
                let (first, last) = (model[0] as! Linear, model[2] as! Linear)
                withSeed(3) { first.$weight.parametrize(SpectralNorm(for: first.weight)) }
                last.$weight.parametrize(WeightNorm())
                last.$bias.prune(.smallest, amount: 1)
                let optimizer = Adam(model, learningRate: 0.1)
                func step(_ x: Tensor) -> Tensor {
                    let (loss, gradients) = valueAndGradients(model) { meanSquaredError($0(x), x) }
                    optimizer.step(gradients)
                    return loss
                }
                let run = isCompiled ? compile(model, optimizer) { step($0) } : step
                let losses = (0..<6).map { _ in run(x).item() }
                #expect(losses.last! < losses[0])
                #expect(last.bias!.elements(as: Float.self).count { $0 == 0 } == 1)
                return model.stateDictionary()
            }
            let (plain, compiled) = (trained(false), trained(true))
            #expect(plain.keys.sorted() == compiled.keys.sorted())
            for (name, tensor) in plain { expectClose(compiled[name]!, tensor, goldenTolerance, name) }
        }
    }

    @Test func spectralNormsAreOne() {
        TestedBackend.reference.run {
            let layer = withSeed(1) { Linear(6, 4) }
            withSeed(2) { layer.$weight.parametrize(SpectralNorm(for: layer.weight, iterations: 30)) }
            let weight = layer.weight
            layer.eval()
            // Power iteration on its own.
            var v = Tensor.ones([6, 1])
            for _ in 0..<200 { v = matmul(weight.T, matmul(weight, v)).normalized(axis: 0) }
            #expect(abs(matmul(weight, v).norm().item() - 1) < 1e-3)
        }
    }

    @Test(arguments: [(4, 4), (3, 5), (5, 3)]) func orthogonalMatricesStayOrthogonal(_ inputs: Int, _ outputs: Int) {
        let layer = withSeed(1) { Linear(inputs, outputs) }
        layer.weight = .orthogonal([outputs, inputs])
        let before = layer.weight
        layer.$weight.parametrize(Orthogonal(for: before))
        expectClose(layer.weight, before, goldenTolerance)
        let optimizer = SGD(layer, learningRate: 0.3)
        let x = withSeed(2) { Tensor.normal([6, inputs]).evaluated() }
        let step = compile(layer, optimizer) { x in
            let (loss, gradients) = valueAndGradients(layer) { square($0(x) - 1).mean() }
            optimizer.step(gradients)
            return loss
        }
        let losses = (0..<20).map { _ in step(x).item() }
        #expect(losses.last! < 0.8 * losses[0])
        let weight = inputs < outputs ? layer.weight : layer.weight.T
        expectClose(matmul(weight.T, weight), .identity(min(inputs, outputs)), goldenTolerance)
    }

    @Test func globalPruningComparesParameters() {
        let model = Sequential(Linear(2, 2, bias: false), Linear(2, 1, bias: false))
        let slots = model.parameters
        slots[0].tensor = Tensor([[0.1, 5], [4, -0.2]])
        slots[1].tensor = Tensor([[-3, 0.3]])
        pruneGlobally(slots, amount: 3)
        expectClose(slots[0].tensor!, [0, 5, 4, 0])
        expectClose(slots[1].tensor!, [-3, 0])
        pruneGlobally(slots, amount: 0.34)
        expectClose(slots[1].tensor!, [0, 0])
        slots[0].removePruning()
        #expect(model.namedParameters.map(\.name) == ["0.weight", "1.weight_orig"])
        expectClose(model.parameters[0].tensor!, [0, 5, 4, 0])
    }

    @Test func randomSlicesArePrunedWhole() {
        let layer = withSeed(5) { Linear(6, 8, bias: false) }
        layer.$weight.prune(.randomSlices(axis: 0), amount: 0.25)
        let sums: [Float] = layer.$weight.pruningMask!.sum(axes: 1).elements()
        #expect(sums.sorted() == [0, 0, 6, 6, 6, 6, 6, 6])
    }

    // MARK: The rest of torch.nn.utils

    @Test(arguments: TestedBackend.allCases) func normsAreFused(on backend: TestedBackend) {
        backend.run {
            func norm(_ layer: BatchNormLayer) {
                layer.runningMean = .uniform([4])
                layer.runningVar = .uniform([4]) + 0.5
                layer.weight = .uniform([4])
                layer.bias = .uniform([4])
                layer.eval()
            }
            withSeed(1) {
                let (conv, norm2d, x) = (Conv2d(2, 4, kernelSize: 3), BatchNorm2d(4), Tensor.normal([2, 2, 5, 5]))
                norm(norm2d)
                let expected = norm2d(conv(x)).evaluated()
                fuse(norm2d, into: conv)
                expectClose(conv(x), expected, goldenTolerance)

                let (up, after) = (ConvTranspose2d(2, 4, kernelSize: 3, bias: false), BatchNorm2d(4))
                norm(after)
                let larger = after(up(x)).evaluated()
                fuse(after, into: up)
                expectClose(up(x), larger, goldenTolerance)

                let (line, norm1d, y) = (Linear(3, 4), BatchNorm1d(4), Tensor.normal([5, 3]))
                norm(norm1d)
                let straight = norm1d(line(y)).evaluated()
                fuse(norm1d, into: line)
                expectClose(line(y), straight, goldenTolerance)
            }
        }
    }

    @Test func parametersAsAVector() {
        let (one, other) = (withSeed(1) { Linear(3, 2) }, withSeed(2) { Linear(3, 2) })
        let vector = one.parameterVector()
        #expect(vector.shape == [8])
        other.setParameters(from: vector)
        expectClose(other.weight, one.weight, .exact)
        expectClose(other.bias!, one.bias!, .exact)
        #expect(throws: TensorError.self) {
            try withTensorErrors { other.setParameters(from: .zeros([7])) }
        }
        let doubled = other.withState(["bias": .zeros([2])]) { other(.zeros([1, 3])) }
        expectClose(doubled, [0, 0])
        expectClose(other.bias!, one.bias!, .exact)
    }

    @Test func batchStatisticsAreFoundAnew() {
        TestedBackend.reference.run {
            let model = Sequential(Linear(3, 2), BatchNorm1d(2))
            let norm = model[1] as! BatchNorm1d
            let batches = withSeed(1) { (0..<3).map { _ in Tensor.normal([6, 3]).evaluated() } }
            _ = model(batches[0] * 9)
            model.eval()
            updateBatchNorm(model, over: batches) { $0($1) }
            #expect(!norm.isTraining && norm.momentum == 0.1)
            let means = stack(batches.map { (model[0] as! Linear)($0).mean(axes: 0) }).mean(axes: 0)
            expectClose(norm.runningMean!, means, goldenTolerance)
            #expect(norm.numBatchesTracked!.item() == 3)
        }
    }
}
