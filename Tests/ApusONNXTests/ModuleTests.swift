import ApusONNX
import ApusOptim
import ApusTestSupport
import Testing

@Suite struct ModuleTests {
    /// A network of two layers with batch normalization between them.
    private func network() throws -> ONNXModule {
        let nodes = [
            node("Gemm", ["x", "hidden.weight", "hidden.bias"], ["h"], [attribute("transB", 1)]),
            node("BatchNormalization", ["h", "norm.weight", "norm.bias", "norm.mean", "norm.var"], ["n"]),
            node("Clip", ["n", "low"], ["r"]),
            node("MatMul", ["r", "output.weight"], ["y"]),
        ]
        let weights = (0..<12).map { Float($0 % 5) / 5 - 0.4 }
        let initializers = [
            floats("hidden.weight", [4, 3], weights), floats("hidden.bias", [4], [0.1, 0.1, 0.1, 0.1]),
            floats("norm.weight", [4], [1, 1, 1, 1]), floats("norm.bias", [4], [0, 0, 0, 0]),
            floats("norm.mean", [4], [0, 0, 0, 0]), floats("norm.var", [4], [1, 1, 1, 1]), floats("low", [], [0]),
            floats("output.weight", [4, 1], [0.5, -0.5, 0.25, 1]),
        ]
        let graph = graph(nodes, inputs: [value("x", .float32, [-1, 3])], outputs: ["y"], initializers: initializers)
        return try ONNXModule(ONNXModel(model(graph)))
    }

    @Test func floatInitializersAreParametersAndStatisticsAreBuffers() throws {
        let module = try network()
        #expect(
            Set(module.namedParameters.map(\.name))
                == ["hidden.weight", "hidden.bias", "norm.weight", "norm.bias", "output.weight"])
        #expect(module.namedBuffers.map(\.name) == ["norm.mean", "norm.var"])
        #expect(!module.isTraining)
        let state = module.stateDictionary()
        #expect(state["hidden.weight"]?.shape == [4, 3])
        try network().load(state)
    }

    @Test func weightsInConstantNodesAreParameters() throws {
        var tensor = AttributeProto()
        (tensor.name, tensor.type, tensor.t) = ("value", .tensor, floats("", [2, 2], [1, 2, 3, 4]))
        let nodes = [
            node("Constant", [], ["w"], [tensor]), node("Constant", [], ["two"], [attribute("value_float", Float(2))]),
            node("MatMul", ["x", "w"], ["h"]), node("Mul", ["h", "two"], ["y"]),
        ]
        let graph = graph(nodes, inputs: [value("x", .float32, [-1, 2])], outputs: ["y"])
        let module = try ONNXModule(ONNXModel(model(graph)))
        #expect(module.namedParameters.map(\.name) == ["w"])
        expectClose(try module(Tensor.ones([1, 2])), Tensor([8, 12].map(Float.init), shape: [1, 2]))
    }

    @Test func trainsFurther() throws {
        let module = try network()
        let x = Tensor.normal([32, 3], generator: Generator(seed: 1))
        let target = x.sum(axes: 1, keepingAxes: true)
        let optimizer = AdamW(module, learningRate: 0.05)
        module.train()
        var losses: [Double] = []
        for _ in 0..<100 {
            let (loss, gradients) = try valueAndGradients(module) { square(try $0(x) - target).mean() }
            #expect(gradients.count == 5)
            optimizer.step(gradients)
            losses.append(loss.item())
        }
        #expect(losses.last! < losses.first! / 3)
        // The running statistics moved with the batches.
        #expect(module.stateDictionary()["norm.mean"]!.elements(as: Float.self).contains { $0 != 0 })
    }

    @Test func inputsAreChecked() throws {
        let module = try network()
        let x = Tensor.zeros([2, 3])
        #expect(try module(["x": x])["y"]?.shape == [2, 1])
        #expect(try module(x).shape == [2, 1])
        expectONNXError(.wrongInput, mentioning: "\"x\"", "missing", "x: float32[n, 3]") { try module([:]) }
        expectONNXError(.wrongInput, mentioning: "\"z\"", "no such input") { try module(["x": x, "z": x]) }
        expectONNXError(.wrongInput, mentioning: "float32[2, 4]") { try module(["x": Tensor.zeros([2, 4])]) }
        expectONNXError(.wrongInput, mentioning: "int64[2, 3]") {
            try module(["x": Tensor.zeros([2, 3], dtype: .int64)])
        }
    }

    @Test func unknownOperatorsAreListedAtOnce() throws {
        var foreign = node("Frobnicate", ["a"], ["b"])
        foreign.domain = "com.example"
        let graph = graph(
            [node("Fnord", ["x"], ["a"]), foreign, node("Fnord", ["b"], ["y"])], inputs: [value("x")], outputs: ["y"])
        expectONNXError(
            .unsupportedOperators(["Fnord": 2, "com.example.Frobnicate": 1]),
            mentioning: "Fnord × 2", "com.example.Frobnicate × 1"
        ) { try ONNXModule(ONNXModel(model(graph))) }
    }

    @Test func aNodeThatFailsIsNamed() throws {
        var product = node("MatMul", ["x", "w"], ["y"])
        product.name = "fc"
        let graph = graph(
            [product], inputs: [value("x")], outputs: ["y"], initializers: [floats("w", [2, 2], [1, 2, 3, 4])])
        let module = try ONNXModule(ONNXModel(model(graph)))
        expectONNXError(.failedNode, mentioning: "\"fc\" (MatMul)", "matmul") {
            try module(["x": Tensor.zeros([2, 3])])
        }
    }

    @Test func shapesAreComputedOnTheWay() throws {
        // x.reshaped(x.shape[0], −1), as exporters write it.
        let nodes = [
            node("Shape", ["x"], ["s"]), node("Gather", ["s", "zero"], ["n"]),
            node("Concat", ["n", "rest"], ["t"], [attribute("axis", 0)]),
            node("Reshape", ["x", "t"], ["y"]),
        ]
        let graph = graph(
            nodes, inputs: [value("x")], outputs: ["y"], initializers: [integers("zero", [0]), integers("rest", [-1])])
        let module = try ONNXModule(ONNXModel(model(graph)))
        #expect(try module(Tensor.zeros([5, 2, 3])).shape == [5, 6])
        #expect(try module(Tensor.zeros([7, 1])).shape == [7, 1])
    }

    @Test func loopsAndBranchesHaveGradients() throws {
        // Doubles x three times, or negates it: by a condition.
        let body = graph(
            [node("Identity", ["go"], ["goes"]), node("Add", ["v", "v"], ["w"])],
            inputs: [value("i", .int64), value("go", .bool), value("v")], outputs: ["goes", "w"])
        let loop = graph(
            [node("Loop", ["three", "", "x"], ["d"], [attribute("body", body)])], inputs: [], outputs: ["d"],
            initializers: [integers("three", [3])])
        let negation = graph([node("Neg", ["x"], ["m"])], inputs: [], outputs: ["m"])
        let branches = [attribute("then_branch", loop), attribute("else_branch", negation)]
        let graph = graph(
            [node("If", ["c"], ["y"], branches)], inputs: [value("x"), value("c", .bool)], outputs: ["y"])
        let module = try ONNXModule(ONNXModel(model(graph)))
        let x = Tensor([1, 2].map(Float.init))
        for (condition, slope) in [(true, Float(8)), (false, -1)] {
            let c = Tensor(condition)
            expectClose(try module(["x": x, "c": c])["y"]!, x * slope)
            let g = try gradient(at: x) { try module(["x": $0, "c": c])["y"]!.sum() }
            expectClose(g, Tensor.full([2], slope))
        }
    }

    @Test func functionsOfAModelRun() throws {
        var function = FunctionProto()
        function.name = "Scaled"
        function.domain = "local"
        function.input = ["a"]
        function.output = ["b"]
        function.attribute = ["alpha"]
        var inner = node("LeakyRelu", ["a"], ["b"], [attribute("alpha", Float(0))])
        inner.attribute[0].refAttrName = "alpha"
        function.node = [inner]
        var set = OperatorSetIdProto()
        set.version = 17
        function.opsetImport = [set]
        var call = node("Scaled", ["x"], ["y"], [attribute("alpha", Float(0.5))])
        call.domain = "local"
        var proto = model(graph([call], inputs: [value("x")], outputs: ["y"]))
        proto.functions = [function]
        let module = try ONNXModule(ONNXModel(proto))
        expectClose(try module(Tensor([-2, 2].map(Float.init))), Tensor([-1, 2].map(Float.init)))

        (call.input, call.output) = (["a"], ["b"])
        proto.functions[0].node[0] = call
        expectONNXError(.invalidGraph, mentioning: "Scaled", "calls itself") { try ONNXModel(proto) }
    }

    @Test func dropoutDropsInTrainingMode() throws {
        let graph = graph([node("Dropout", ["x"], ["y"])], inputs: [value("x")], outputs: ["y"])
        let module = try ONNXModule(ONNXModel(model(graph)))
        let x = Tensor.ones([1000])
        expectClose(try module(x), x)
        module.train()
        let kept = try withSeed(3) { try module(x) }.elements(as: Float.self)
        #expect(Set(kept) == [0, 2])
        #expect((400...600).contains(kept.count { $0 == 0 }))
    }
}
