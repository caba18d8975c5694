import ApusIO
import ApusONNX
import ApusTestSupport
import Foundation
import SwiftProtobuf
import Testing

@Suite struct ReaderTests {
    private func read(_ graph: GraphProto) throws -> ONNXModel { try ONNXModel(model(graph)) }

    private var small: GraphProto {
        graph(
            [node("MatMul", ["x", "w"], ["y"]), node("Relu", ["y"], ["z"])], inputs: [value("x", .float32, [-1, 2])],
            outputs: ["z"], initializers: [floats("w", [2, 3], [1, 2, 3, 4, 5, 6])])
    }

    @Test func readsNamesTypesAndCounts() throws {
        let model = try ONNXModel(try model(small).serializedData() as Data)
        #expect(model.graph.inputs.map { "\($0.name): \($0.type)" } == ["x: float32[n, 2]"])
        #expect(model.graph.outputs.map(\.name) == ["z"])
        #expect(model.operatorCounts == ["MatMul": 1, "Relu": 1])
        #expect(model.operatorSets == ["": 17])
        #expect(model.unsupportedOperators.isEmpty)
    }

    @Test func initializersAmongTheInputsAreNoInputs() throws {
        var graph = small
        graph.input.append(value("w", .float32, [2, 3]))
        #expect(try read(graph).graph.inputs.map(\.name) == ["x"])
    }

    @Test func nodesInAnyOrderRun() throws {
        var graph = small
        graph.node.reverse()
        #expect(try read(graph).graph.nodes.map(\.operatorType) == ["MatMul", "Relu"])
    }

    @Test func cyclesAreErrors() {
        let cycle = graph(
            [node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"])], inputs: [value("x")], outputs: ["a"])
        expectONNXError(.invalidGraph, mentioning: "waits for its own result", "→ \"a\" (Add)") { try read(cycle) }
    }

    @Test func aValueThatNobodyComputesIsAnError() {
        var graph = small
        graph.node[0].input[0] = "nowhere"
        expectONNXError(.invalidGraph, mentioning: "\"nowhere\"", "MatMul") { try read(graph) }
        graph = small
        graph.output[0].name = "nowhere"
        expectONNXError(.invalidGraph, mentioning: "\"nowhere\"") { try read(graph) }
    }

    @Test func aNameGivenTwiceIsAnError() {
        var graph = small
        graph.node[1].output[0] = "y"
        graph.output[0].name = "y"
        expectONNXError(.invalidGraph, mentioning: "\"y\"", "two values") { try read(graph) }
    }

    @Test func namesOfInnerGraphsAreLookedUpAround() throws {
        let branch = { (type: String) in graph([node(type, ["x"], ["r"])], inputs: [], outputs: ["r"]) }
        let attributes = [attribute("then_branch", branch("Neg")), attribute("else_branch", branch("Abs"))]
        var outer = graph(
            [node("If", ["c"], ["y"], attributes)], inputs: [value("x"), value("c", .bool)], outputs: ["y"])
        #expect(try read(outer).operatorCounts == ["If": 1, "Neg": 1, "Abs": 1])
        outer.input.removeFirst()
        expectONNXError(.invalidGraph, mentioning: "\"x\"", "If") { try read(outer) }
    }

    // MARK: Tensors

    private func constant(_ tensor: TensorProto) throws -> Tensor {
        var graph = small
        graph.initializer.append(tensor)
        guard case .tensor(let value) = try read(graph).graph.initializers[1].constant.value else {
            throw TensorError("no tensor")
        }
        return value
    }

    @Test func elementsAsNumbersAndAsBytesAreTheSame() throws {
        var tensor = TensorProto()
        tensor.name = "t"
        tensor.dims = [2]
        let bytes: [(ONNXElementType, Data)] = [
            (.int8, Data([0xFF, 3])), (.uint8, Data([255, 3])), (.int16, Data([0xFF, 0xFF, 3, 0])),
            (.uint16, Data([0xFF, 0xFF, 3, 0])), (.bool, Data([1, 0])),
        ]
        let numbers: [Int] = [-1, 255, -1, 65535, 1]
        for ((type, raw), first) in zip(bytes, numbers) {
            tensor.dataType = type.rawValue
            tensor.rawData = raw
            tensor.int32Data = []
            let second = type == .bool ? 0 : 3
            let fromBytes = try constant(tensor)
            #expect(fromBytes.elements(as: Int.self) == [first, second], "\(type)")
            tensor.rawData = Data()
            tensor.int32Data = [Int32(first), Int32(second)]
            let fromNumbers = try constant(tensor)
            #expect(fromNumbers.elements(as: Int.self) == [first, second], "\(type)")
            #expect(fromNumbers.dtype == fromBytes.dtype && fromBytes.dtype == type.dtype)
        }
    }

    @Test func halfFloatsAreBitsInIntegers() throws {
        var tensor = TensorProto()
        tensor.name = "t"
        tensor.dims = [1]
        tensor.dataType = ONNXElementType.float16.rawValue
        tensor.int32Data = [0x3E00]
        #expect(try constant(tensor).elements(as: Float.self) == [1.5])
        tensor.dataType = ONNXElementType.bfloat16.rawValue
        tensor.int32Data = [0x3FC0]
        #expect(try constant(tensor).elements(as: Float.self) == [1.5])
    }

    @Test func sizesThatDoNotFitAreErrors() {
        var tensor = floats("t", [2, 2], [1, 2, 3])
        expectONNXError(.damaged, mentioning: "\"t\"", "16 bytes", "12") { try constant(tensor) }
        // Ten gigabytes that are claimed and not there.
        tensor.dims = [50_000, 50_000]
        expectONNXError(.damaged, mentioning: "10000000000 bytes") { try constant(tensor) }
        tensor.dims = [1 << 40, 1 << 40]
        expectONNXError(.damaged, mentioning: "too large") { try constant(tensor) }
        tensor.dims = [-1]
        expectONNXError(.damaged, mentioning: "negative") { try constant(tensor) }
        tensor = integers("t", [1, 2])
        tensor.dims = [1 << 33]
        expectONNXError(.damaged, mentioning: "elements") { try constant(tensor) }
        tensor.dims = [2]
        tensor.dataType = 99
        expectONNXError(.unsupported, mentioning: "type 99") { try constant(tensor) }
    }

    // MARK: Bytes

    @Test func bytesThatAreNoModelAreErrors() throws {
        expectONNXError(.damaged) { try ONNXModel(Data()) }
        expectONNXError(.damaged) { try ONNXModel(Data("not a model at all".utf8)) }
        let whole: Data = try model(small).serializedData()
        for count in 0..<whole.count {
            do { _ = try ONNXModel(whole.prefix(count)) } catch is ONNXError {}
        }
    }

    @Test func graphsInsideGraphsHaveALimit() throws {
        var inner = graph([node("Neg", ["x"], ["y"])], inputs: [], outputs: ["y"])
        for _ in 0..<200 {
            inner = graph([node("If", ["c"], ["y"], [attribute("then_branch", inner)])], inputs: [], outputs: ["y"])
        }
        let deep: Data = try model(inner).serializedData()
        expectONNXError(.damaged, mentioning: "nested") { try ONNXModel(deep) }
    }

    @Test func aNewerOperatorSetIsAnError() {
        expectONNXError(.unsupported, mentioning: "99") { try ONNXModel(model(small, operatorSet: 99)) }
    }

    // MARK: Elements in other files

    @Test func elementsLieInOtherFiles() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-onnx-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("model"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let values: [Float] = [0, 0, 1, 2, 3, 4, 5, 6]
        try values.withUnsafeBytes { Data($0) }.write(to: folder.appendingPathComponent("model/weights.bin"))
        try Data(count: 64).write(to: folder.appendingPathComponent("secret.bin"))

        func read(_ entries: [String: String]) throws -> ONNXModel {
            var graph = small
            graph.initializer[0].rawData = Data()
            graph.initializer[0].dataLocation = .external
            graph.initializer[0].externalData = entries.map { key, value in
                var entry = StringStringEntryProto()
                (entry.key, entry.value) = (key, value)
                return entry
            }
            let file = folder.appendingPathComponent("model/model.onnx")
            try (model(graph).serializedData() as Data).write(to: file)
            return try ONNXModel(contentsOf: file)
        }

        let found = try read(["location": "weights.bin", "offset": "8", "length": "24"])
        guard case .tensor(let tensor) = found.graph.initializers[0].constant.value else {
            throw TensorError("no tensor")
        }
        #expect(tensor.elements(as: Float.self) == [1, 2, 3, 4, 5, 6])

        expectONNXError(.externalData, mentioning: "outside") { try read(["location": "../secret.bin"]) }
        expectONNXError(.externalData, mentioning: "outside") { try read(["location": "/etc/passwd"]) }
        try FileManager.default.createSymbolicLink(
            at: folder.appendingPathComponent("model/link"),
            withDestinationURL: folder.appendingPathComponent("secret.bin"))
        expectONNXError(.externalData, mentioning: "outside") { try read(["location": "link"]) }
        expectONNXError(.externalData, mentioning: "missing.bin") { try read(["location": "missing.bin"]) }
        expectONNXError(.externalData, mentioning: "from byte 16") {
            try read(["location": "weights.bin", "offset": "16"])
        }
        expectONNXError(.externalData, mentioning: "offset") { try read(["location": "weights.bin", "offset": "-8"]) }
    }

    @Test func aFileThatIsNotThereIsAFileError() {
        #expect(throws: FileError.self) { try ONNXModel(contentsOf: URL(fileURLWithPath: "/nowhere/model.onnx")) }
    }
}
