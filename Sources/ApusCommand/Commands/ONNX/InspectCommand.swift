import Apus
import ApusGallery
import ArgumentParser
import Foundation

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show what is in an ONNX model: graph, operators, tensors.")

    @Argument(help: "The model, a .onnx file.", completion: .file(extensions: ["onnx"]))
    var file: String
    @Flag(help: "List every tensor, not only the largest ten.")
    var all = false
    @OptionGroup var output: OutputOptions

    func run() throws {
        let output = output.makeOutput()
        let report = ModelReport(try ONNXModel(contentsOf: URL(fileURLWithPath: file)))
        output.show(report.text(tensorLimit: all ? nil : 10))
        output.emit("model", report)
        output.finish("inspect")
    }
}

/// What `inspect` says of a model.
private struct ModelReport: Encodable, Sendable {
    struct Value: Encodable, Sendable {
        let name: String
        let type: String

        init(_ info: ONNXValueInfo) { (name, type) = (info.name, info.type.description) }
    }

    struct Operator: Encodable, Sendable {
        let name: String
        let count: Int
        let isSupported: Bool
    }

    /// Statistics are those of the finite elements.
    struct Statistics: Encodable, Sendable {
        let minimum: Double
        let maximum: Double
        let mean: Double
        let standardDeviation: Double
        let nonFinite: Int
    }

    struct InitialTensor: Encodable, Sendable {
        let name: String
        let elementType: String
        let shape: Shape
        let statistics: Statistics?
    }

    let file: String
    let producer: String
    let formatVersion: Int
    let operatorSets: [String: Int]
    let graph: String
    let nodeCount: Int
    let parameterCount: Int
    let inputs: [Value]
    let outputs: [Value]
    let operators: [Operator]
    let tensors: [InitialTensor]

    init(_ model: ONNXModel) {
        file = model.file
        producer = model.producer
        formatVersion = model.formatVersion
        operatorSets = model.operatorSets
        graph = model.graph.name
        nodeCount = model.graph.nodes.count
        inputs = model.graph.inputs.map(Value.init)
        outputs = model.graph.outputs.map(Value.init)
        let missing = model.unsupportedOperators
        operators = model.operatorCounts.sorted { (-$0.value, $0.key) < (-$1.value, $1.key) }
            .map { Operator(name: $0.key, count: $0.value, isSupported: missing[$0.key] == nil) }
        tensors = model.graph.constants.map(InitialTensor.init)
        parameterCount = tensors.filter { $0.statistics != nil }.reduce(0) { $0 + $1.shape.elementCount }
    }

    func text(tensorLimit: Int?) -> String {
        let sets = operatorSets.sorted { $0.key < $1.key }.map { "\($0.key.isEmpty ? "ai.onnx" : $0.key) \($0.value)" }
        var lines = ["\(file): \(graph), \(nodeCount) nodes, \(Format.count(parameterCount)) numbers in tensors"]
        let origin = producer.isEmpty ? "" : ", from \(producer)"
        lines.append("format \(formatVersion), operators \(sets.joined(separator: ", "))\(origin)")
        lines.append("\n" + table("input", inputs) + "\n\n" + table("output", outputs))
        var counts = TextTable(header: ["operator", "count", ""], [.left, .right, .left])
        for entry in operators {
            counts.append([entry.name, String(entry.count), entry.isSupported ? "" : "unknown here"])
        }
        lines.append("\n" + counts.rendered())

        let shown = tensorLimit.map { limit in
            tensors.sorted { $0.shape.elementCount > $1.shape.elementCount }.prefix(limit).map { $0 }
        }
        var rows = TextTable(
            header: ["tensor", "type", "shape", "min", "mean", "max", "deviation"],
            [.left, .left, .left, .right, .right, .right, .right])
        for tensor in shown ?? tensors { rows.append(tensor.cells) }
        if !tensors.isEmpty { lines.append("\n" + rows.rendered()) }
        if let shown, shown.count < tensors.count {
            lines.append("and \(tensors.count - shown.count) smaller ones: --all lists them")
        }
        return lines.joined(separator: "\n")
    }

    private func table(_ title: String, _ values: [Value]) -> String {
        var table = TextTable(header: [title, "type"], [.left, .left])
        for value in values { table.append([value.name, value.type]) }
        return table.rendered()
    }
}

extension ModelReport.InitialTensor {
    init(_ initializer: ONNXInitializer) {
        name = initializer.name
        elementType = initializer.constant.elementType.description
        switch initializer.constant.value {
        case .tensor(let tensor):
            shape = tensor.shape
            statistics = tensor.dtype.isFloatingPoint ? ModelReport.Statistics(tensor) : nil
        case .strings(let strings): (shape, statistics) = (strings.shape, nil)
        case .sequence, .absent: (shape, statistics) = ([], nil)
        }
    }

    var cells: [String] {
        let numbers = statistics.map { [$0.minimum, $0.mean, $0.maximum, $0.standardDeviation] } ?? []
        let texts = numbers.map { String(format: "%.4g", $0) } + [String](repeating: "", count: 4 - numbers.count)
        return [name, elementType, shape.description] + texts
    }
}

extension ModelReport.Statistics {
    init?(_ tensor: Tensor) {
        guard tensor.elementCount > 0 else { return nil }
        let x = tensor.cast(to: .float64)
        let finite = isFinite(x)
        let count = finite.cast(to: .float64).sum()
        let kept = `where`(finite, x, 0)
        let average = kept.sum() / count
        let variance = `where`(finite, square(x - average), 0).sum() / count
        let lowest = `where`(finite, x, Double.infinity).min(), highest = `where`(finite, x, -Double.infinity).max()
        evaluate([count, average, variance, lowest, highest])
        guard count.item() > 0 else { return nil }
        (minimum, maximum, mean) = (lowest.item(), highest.item(), average.item())
        standardDeviation = variance.item().squareRoot()
        nonFinite = tensor.elementCount - Int(count.item())
    }
}
