import ApusNN
import ApusTestSupport
import Testing

/// Everything that PyTorch has a container for.
private final class Containers: Module {
    var layers = [Linear(2, 2), Linear(2, 3)]
    var byName = ["b": Linear(1, 1, bias: false), "a": Linear(1, 2, bias: false)]
    var weights = [Parameter(wrappedValue: Tensor.ones([2])), Parameter(wrappedValue: Tensor.zeros([3]))]
    var scales = ["out": Parameter(wrappedValue: Tensor.ones([1])), "in": Parameter(wrappedValue: Tensor.ones([4]))]
    var nested = [["x": Parameter(wrappedValue: Tensor.ones([1]))], [:]]
    var perhaps: [Linear?] = [nil, Linear(1, 1, bias: false)]
    var table: Parameter<Tensor>? = Parameter(wrappedValue: .ones([5]))
    var empty: Parameter<Tensor>?
}

@Suite("Containers") struct ContainerTests {
    private let names = [
        "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias", "by_name.a.weight", "by_name.b.weight",
        "weights.0", "weights.1", "scales.in", "scales.out", "nested.0.x", "perhaps.1.weight", "table",
    ]

    @Test func theyAreWalkedInOrder() {
        #expect(Containers().namedParameters.map(\.name) == names)
    }

    @Test func theyAreSavedAndLoaded() throws {
        let (one, other) = (withSeed(1) { Containers() }, withSeed(2) { Containers() })
        one.weights[1].wrappedValue = Tensor([1.0, 2, 3])
        try other.load(one.stateDictionary())
        for (name, tensor) in one.stateDictionary() { expectClose(other.stateDictionary()[name]!, tensor, .exact) }
        expectClose(other.weights[1].wrappedValue, [1, 2, 3])
    }

    @Test func theirParametersAreTrained() {
        let model = Containers()
        let (_, gradients) = valueAndGradients(model) { model in
            model.weights[0].wrappedValue.sum() + 2 * model.scales["in"]!.wrappedValue.sum()
        }
        expectClose(gradients["weights.0"]!, [1, 1])
        expectClose(gradients[model.scales["in"]!]!, [2, 2, 2, 2])
    }
}
