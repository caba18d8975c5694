import ApusTestSupport
import Foundation
import Testing

/// `docs/operations.md` beside the source text that it is about.
@Suite("The page of operations")
struct OperationsPageTests {
    private let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL

    @Test func everyFunctionHasARow() throws {
        let (declared, listed) = (try declaredFunctions(), try listedFunctions())
        #expect(declared.count > 200)
        #expect(declared.subtracting(listed) == [], "public functions without a row in docs/operations.md")
        #expect(listed.subtracting(declared) == [], "rows of docs/operations.md without a function")
    }

    @Test func everyFunctionOfTheArrayStandardHasARow() throws {
        let words = Set(
            try rows().map { $0[1] }.joined(separator: " ").split { !"_.".contains($0) && !$0.isLetter && !$0.isNumber }
        )
        let missing = Self.arrayStandard.split(whereSeparator: \.isWhitespace).filter { !words.contains($0) }
        #expect(missing == [])
    }

    @Test func everyRowSaysWhetherThereIsAGradient() throws {
        for row in try rows() where row.count == 5 {
            #expect(row[3] == "–" || row[3].hasPrefix("yes"), "\(row)")
            #expect(!row[4].isEmpty, "\(row)")
        }
    }

    /// Where goldens are named after functions, the page says "yes" exactly where PyTorch has a gradient.
    @Test func gradientsAreAsInTheGoldens() throws {
        let cases = try compositionGoldens()
        let tested = Set(cases.map(\.functionName))
        let differentiated = Set(cases.filter { !$0.gradients.isEmpty }.map(\.functionName))
        for row in try rows() where row.count == 5 {
            let names = listedFunctions(in: row).intersection(tested)
            if names.isEmpty { continue }
            #expect(row[3].hasPrefix("yes") == !names.isDisjoint(with: differentiated), "\(row[0])")
        }
    }

    /// Public functions and operators by name: those of `Operations`, what makes functions of functions, and what makes tensors.
    private func declaredFunctions() throws -> Set<String> {
        let folder = root.appending(path: "Sources/ApusTensor")
        let files = try ["Operations", "Autodiff", "Transforms"].flatMap {
            try FileManager.default.contentsOfDirectory(at: folder.appending(path: $0), includingPropertiesForKeys: nil)
        }
        var names = try files.flatMap {
            try functions(in: $0, #/public (?:static |prefix )*func ([-+*/%.<>=!&|^]+|[^ (<]+)[ (<]/#)
        }
        for file in ["Tensor+Creation.swift", "Random.swift"] {
            names += try functions(in: folder.appending(path: file), #/    public static func (\w+)\(/#)
        }
        // Helpers of types that are no tensors.
        return Set(names).subtracting(["extents", "bits", "value"])
    }

    private func functions(in file: URL, _ declaration: Regex<(Substring, Substring)>) throws -> [String] {
        try String(contentsOf: file, encoding: .utf8).matches(of: declaration).map {
            String($0.output.1.replacing("`", with: ""))
        }
    }

    private func listedFunctions() throws -> Set<String> {
        try rows().filter { $0.count == 5 }.reduce(into: []) { $0.formUnion(listedFunctions(in: $1)) }
    }

    /// The names in the first column: of functions, of methods behind `x.` or `Tensor.`, and operators.
    private func listedFunctions(in row: [String]) -> Set<String> {
        let names = row[0].matches(of: #/`([^`]+)`/#).compactMap { span -> String? in
            let text = String(span.output.1)
            if let name = text.firstMatch(of: #/^(?:x\.|Tensor\.)?(\w+)\(/#) {
                return name.output.1 == "Tensor" ? nil : String(name.output.1)
            }
            return text == "x.T" ? nil : text.filter { !$0.isLetter && !$0.isWhitespace }
        }
        return Set(names)
    }

    /// The cells of all rows of all tables.
    private func rows() throws -> [[String]] {
        try String(contentsOf: root.appending(path: "docs/operations.md"), encoding: .utf8).split(separator: "\n")
            .filter {
                $0.hasPrefix("| ") && !$0.hasPrefix("| ---") && !$0.hasPrefix("| here") && !$0.hasPrefix("| missing |")
            }
            .map { line in
                line.replacing("\\|", with: "\u{0}").dropFirst(2).dropLast(2).split(separator: " | ").map {
                    String($0.replacing("\u{0}", with: "|"))
                }
            }
    }

    /// The functions of the Python array API standard 2024.12, its extensions for linear algebra and Fourier transforms among them.
    private static let arrayStandard = """
        arange asarray empty empty_like eye from_dlpack full full_like linspace meshgrid ones ones_like tril triu zeros
        zeros_like astype broadcast_arrays broadcast_to can_cast finfo iinfo isdtype result_type abs acos acosh add asin asinh
        atan atan2 atanh bitwise_and bitwise_left_shift bitwise_invert bitwise_or bitwise_right_shift bitwise_xor ceil clip conj
        copysign cos cosh divide equal exp expm1 floor floor_divide greater greater_equal hypot imag isfinite isinf isnan less
        less_equal log log1p log2 log10 logaddexp logical_and logical_not logical_or logical_xor maximum minimum multiply negative
        nextafter not_equal positive pow real reciprocal remainder round sign signbit sin sinh square sqrt subtract tan tanh trunc
        take take_along_axis matmul matrix_transpose tensordot vecdot concat expand_dims flip moveaxis permute_dims repeat reshape
        roll squeeze stack tile unstack argmax argmin count_nonzero nonzero searchsorted where unique_all unique_counts
        unique_inverse unique_values argsort sort cumulative_prod cumulative_sum max mean min prod std sum var all any diff
        cholesky cross det diagonal eigh eigvalsh inv matrix_norm matrix_power matrix_rank outer pinv qr slogdet solve svd svdvals
        trace vector_norm fft ifft fftn ifftn rfft irfft rfftn irfftn hfft ihfft fftfreq rfftfreq fftshift ifftshift
        """
}

extension GoldenCase {
    /// The function it runs: goldens are named after them, with a word more for each other way to call one.
    fileprivate var functionName: String { String(operation.prefix { $0 != " " }) }
}
