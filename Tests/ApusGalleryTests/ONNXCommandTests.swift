import Apus
import ApusTestSupport
import Foundation
import SwiftProtobuf
import Testing

@Suite struct ONNXCommandTests {
    /// `y = relu(x w)`, x of shape (n, 2), w of shape (2, 3).
    private func writeModel(to url: URL, operators: [String] = ["MatMul", "Relu"]) throws {
        var weight = TensorProto()
        weight.name = "w"
        weight.dims = [2, 3]
        weight.dataType = ONNXElementType.float32.rawValue
        weight.floatData = [1, 0, -1, 0, 1, -1]
        var product = NodeProto()
        (product.opType, product.input, product.output) = (operators[0], ["x", "w"], ["h"])
        var activation = NodeProto()
        (activation.opType, activation.input, activation.output) = (operators[1], ["h"], ["y"])
        var input = ValueInfoProto(), output = ValueInfoProto()
        input.name = "x"
        input.type.tensorType.elemType = ONNXElementType.float32.rawValue
        output.name = "y"
        var set = OperatorSetIdProto()
        set.version = 17
        var model = ModelProto()
        model.irVersion = 8
        model.opsetImport = [set]
        model.graph.name = "small"
        model.graph.node = [product, activation]
        model.graph.initializer = [weight]
        model.graph.input = [input]
        model.graph.output = [output]
        try (model.serializedData() as Data).write(to: url)
    }

    @Test func inspectShowsGraphOperatorsAndTensors() throws {
        let place = try Workplace()
        try writeModel(to: place.url("model.onnx"))
        let text = try place.apus("inspect", "model.onnx")
        #expect(text.status == 0)
        for word in ["small", "MatMul", "Relu", "float32", "[2, 3]"] { #expect(text.output.contains(word), "\(word)") }
        let model = try #require(place.apus("inspect", "model.onnx", "--json").events("model").first)
        #expect(model["nodeCount"] as? Int == 2)
        #expect((model["operators"] as? [[String: Any]])?.count == 2)
        let statistics = (model["tensors"] as? [[String: Any]])?.first?["statistics"] as? [String: Any]
        #expect(statistics?["minimum"] as? Double == -1)
    }

    @Test func runWritesResults() throws {
        let place = try Workplace()
        try writeModel(to: place.url("model.onnx"))
        try Npy.write(Tensor([2, 3].map(Float.init), shape: [1, 2]), to: place.url("x.npy"))
        let result = try place.apus("run", "model.onnx", "--input", "x=x.npy", "--output", "results")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try Npy.read(contentsOf: place.url("results/y.npy")).elements(as: Float.self) == [2, 3, 0])
    }

    @Test func errorsSayWhatAndWhere() throws {
        let place = try Workplace()
        try writeModel(to: place.url("model.onnx"), operators: ["Fnord", "Relu"])
        try Npy.write(Tensor([2, 3].map(Float.init), shape: [1, 2]), to: place.url("x.npy"))
        let unknown = try place.apus("run", "model.onnx", "--input", "x.npy")
        #expect(unknown.status == 1)
        #expect(unknown.errors.contains("Fnord × 1"))
        // What can't run can be looked at.
        #expect(try place.apus("inspect", "model.onnx").output.contains("unknown here"))

        try Data("nonsense".utf8).write(to: place.url("bad.onnx"))
        let damaged = try place.apus("inspect", "bad.onnx")
        #expect(damaged.status == 1)
        #expect(damaged.errors.contains("bad.onnx"))
    }

    @Test func runTellsTheTime() throws {
        let place = try Workplace()
        try writeModel(to: place.url("model.onnx"))
        try Npy.write(Tensor([2, 3].map(Float.init), shape: [1, 2]), to: place.url("x.npy"))
        let result = try place.apus("run", "model.onnx", "--input", "x.npy", "--repeat", "3", "--json")
        #expect(result.events("time").first?["repetitions"] as? Int == 3)
    }

    @Test func exportWritesAModelThatRuns() throws {
        let place = try Workplace()
        let result = try place.apus("export", "mlp-b1", "mlp.onnx", "--sample", ".", "--dynamic", "x:0=batch", "--json")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.events("exported").first?["nodes"] as? Int == 5)
        let run = try place.apus("run", "mlp.onnx", "--input", "x=x.npy", "--output", "results")
        #expect(run.status == 0, "\(run.errors)")
        expectClose(
            try Npy.read(contentsOf: place.url("results/output.npy")), try Npy.read(contentsOf: place.url("output.npy"))
        )
        let unknown = try place.apus("export", "mlp-b2", "mlp.onnx")
        #expect(unknown.status == 1 && unknown.errors.contains("mlp-b1"))
    }

    @Test func convertMovesTensorsBetweenFormats() throws {
        let place = try Workplace()
        try writeModel(to: place.url("model.onnx"))
        #expect(try place.apus("convert", "model.onnx", "w.safetensors").status == 0)
        #expect(try place.apus("convert", "w.safetensors", "w.npz").output.contains("1 tensors, 6 numbers"))
        #expect(try place.apus("convert", "w.npz", "w.npy").status == 0)
        #expect(try Npy.read(contentsOf: place.url("w.npy")).elements(as: Float.self) == [1, 0, -1, 0, 1, -1])

        // Other weights into the model.
        let doubled = try SafetensorsFile(contentsOf: place.url("w.safetensors")).tensors().mapValues { $0 * 2 }
        try NpzFile.write(doubled, to: place.url("doubled.npz"))
        #expect(try place.apus("convert", "doubled.npz", "doubled.onnx", "--into", "model.onnx").status == 0)
        let module = try ONNXModule(contentsOf: place.url("doubled.onnx"))
        let x = Tensor([2, 3].map(Float.init), shape: [1, 2])
        #expect(try module(x).elements(as: Float.self) == [4, 6, 0])
        #expect(try place.apus("convert", "w.npz", "half.npz", "--dtype", "float16").status == 0)
        #expect(try NpzFile(contentsOf: place.url("half.npz")).tensor("w").dtype == .float16)
    }

    @Test func convertSaysWhatItCannotDo() throws {
        let place = try Workplace()
        try writeModel(to: place.url("model.onnx"))
        try NpzFile.write(["v": Tensor([1.0])], to: place.url("other.npz"))
        for (arguments, word) in [
            (["model.onnx", "out.txt"], ".txt"), (["other.npz", "out.onnx"], "--into"),
            (["other.npz", "out.onnx", "--into", "model.onnx"], "missing keys: w"),
            (["other.npz", "out.npz", "--dtype", "int3"], "int3"), (["none.npz", "out.npz"], "none.npz"),
        ] {
            let result = try place.apus(["convert"] + arguments)
            #expect(result.status == 1 && result.errors.contains(word), "\(arguments): \(result.errors)")
        }
    }
}
