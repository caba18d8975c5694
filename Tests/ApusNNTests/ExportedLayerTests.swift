import ApusNN
import ApusONNX
import ApusTestSupport
import Testing

/// Every layer of the goldens in evaluation mode, written as an ONNX model and read again.
@Suite("Layers exported and imported")
struct ExportedLayerTests {
    @Test(arguments: NNGolden.all("layer").filter { !$0.training })
    func roundTrip(_ golden: NNGolden) throws {
        let make = try #require(goldenLayers[golden.name])
        let layer = make(golden)
        try layer.module.load(golden.tensors("state"))
        layer.module.eval()
        let expected = layer.call(golden.inputs)
        let names = golden.inputs.indices.map { "x\($0)" }, results = expected.indices.map { "y\($0)" }
        let export = try ONNXExport(
            layer.module, named: zip(names, golden.inputs).map { (key: $0, value: $1) }, outputs: results,
            function: layer.call)
        let module = try ONNXModule(export.model())
        let values = try module(Dictionary(uniqueKeysWithValues: zip(names, golden.inputs)))
        for (name, value) in zip(results, expected) {
            expectClose(try #require(values[name]), value, goldenTolerance, name)
        }
    }
}
