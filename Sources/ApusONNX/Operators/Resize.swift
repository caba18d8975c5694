import ApusNN
import Foundation

extension OperatorTable {
    /// Pictures of another size, and what is read between their elements.
    mutating func addResize() {
        addTensor("Resize") { call in try Resizing(call).value() }
        addTensor("Upsample") { call in try Resizing(upsample: call).value() }
        addTensor("GridSample", gridSample)
        addTensor("AffineGrid", imageGrid)
        addTensor("RoiAlign", roiAlign)
    }
}

/// A tensor brought to another size axis by axis: along each, a result is a weighted sum of a few neighbours.
private struct Resizing {
    private let call: OperatorCall
    private let x: Tensor
    private var size: [Int]
    private var scales: [Double]
    /// The part of each axis that is looked at, from 0 to 1; for `tf_crop_and_resize`.
    private var regions: [ClosedRange<Double>]
    private let mode: String
    private let coordinates: String
    private let rounding: String
    private let antialiases: Bool

    init(_ call: OperatorCall) throws {
        self.call = call
        x = try call.tensor(0)
        mode = try call.string("mode", default: "nearest")
        // Version 10 has no modes of coordinates; it scales from the first element.
        coordinates =
            try call.version < 11 ? "asymmetric" : call.string("coordinate_transformation_mode", default: "half_pixel")
        rounding = try call.version < 11 ? "floor" : call.string("nearest_mode", default: "round_prefer_floor")
        antialiases = try call.flag("antialias")
        size = x.shape.dimensions
        scales = size.map { _ in 1 }
        regions = size.map { _ in 0...1 }
        let axes =
            try call.integerList("axes").map { try $0.map { try call.axis($0, rank: x.rank) } } ?? Array(0..<x.rank)
        let scaleInput = call.version < 11 ? 1 : 2
        if call.version >= 11, let wanted = try call.integers(ifGiven: 3), !wanted.isEmpty {
            try takeSize(wanted, axes)
        } else {
            let given = try call.optional(scaleInput)?.elements(as: Double.self) ?? []
            guard given.count == axes.count else { throw call.failure("\(given.count) scales for \(axes.count) axes") }
            for (axis, scale) in zip(axes, given) { try takeScale(scale, axis) }
        }
        if coordinates == "tf_crop_and_resize" {
            let numbers = try call.tensor(1).elements(as: Double.self)
            guard numbers.count == 2 * axes.count, numbers.allSatisfy({ abs($0) < 1e6 }) else {
                throw call.failure("\(numbers.count) ends of the region, or one that is no place")
            }
            for (index, axis) in axes.enumerated() {
                regions[axis] =
                    min(numbers[index], numbers[index + axes.count])...max(numbers[index], numbers[index + axes.count])
            }
        }
        try call.checked(Shape(size))
    }

    /// The older operator: scales are an attribute before version 9.
    init(upsample call: OperatorCall) throws {
        self.call = call
        x = try call.tensor(0)
        mode = try call.string("mode", default: "nearest")
        (coordinates, rounding, antialiases) = ("asymmetric", "floor", false)
        size = x.shape.dimensions
        scales = size.map { _ in 1 }
        regions = size.map { _ in 0...1 }
        let given = try call.version < 9 ? call.floatList("scales") ?? [] : call.tensor(1).elements(as: Double.self)
        guard given.count == x.rank else { throw call.failure("\(given.count) scales for \(x.rank) axes") }
        for (axis, scale) in given.enumerated() { try takeScale(scale, axis) }
        try call.checked(Shape(size))
    }

    private mutating func takeScale(_ scale: Double, _ axis: Int) throws {
        guard scale > 0, scale.isFinite, Double(x.shape[axis]) * scale < 1e15 else {
            throw call.failure("the scale \(scale)")
        }
        scales[axis] = scale
        size[axis] = Int((Double(x.shape[axis]) * scale).rounded(.down))
    }

    private mutating func takeSize(_ wanted: [Int], _ axes: [Int]) throws {
        guard wanted.count == axes.count, wanted.allSatisfy({ $0 >= 0 }) else {
            throw call.failure("the size \(wanted)")
        }
        let ratios = zip(axes, wanted).map { Double($1) / Double(max(1, x.shape[$0])) }
        let policy = try call.string("keep_aspect_ratio_policy", default: "stretch")
        let common = policy == "not_larger" ? ratios.min() : policy == "not_smaller" ? ratios.max() : nil
        for (index, axis) in axes.enumerated() {
            scales[axis] = common ?? ratios[index]
            size[axis] = common.map { Int(($0 * Double(x.shape[axis])).rounded()) } ?? wanted[index]
        }
    }

    func value() throws -> Tensor {
        var result = x
        var outside: Tensor?
        for axis in x.shape.indices where size[axis] != x.shape[axis] || scales[axis] != 1 || regions[axis] != 0...1 {
            let places = (0..<size[axis]).map { place(of: $0, axis) }
            result = try resized(result, axis, places)
            if coordinates == "tf_crop_and_resize" {
                let last = Double(x.shape[axis] - 1)
                let mask = Tensor(places.map { $0 < 0 || $0 > last })
                    .reshaped(Shape(x.shape.indices.map { $0 == axis ? size[axis] : 1 }))
                outside = outside.map { $0 .| mask } ?? mask
            }
        }
        guard let outside else { return result }
        return `where`(outside, Tensor(try call.float("extrapolation_value", default: 0), dtype: x.dtype), result)
    }

    /// Where an element of the result lies among those of the input.
    private func place(of index: Int, _ axis: Int) -> Double {
        let i = Double(index), scale = scales[axis], extent = Double(x.shape[axis]), result = Double(size[axis])
        switch coordinates {
        case "align_corners":
            // ONNX takes the extent before it is rounded down.
            let exact: Double = extent * scale
            return exact > 1 ? i * (extent - 1) / (exact - 1) : 0
        case "asymmetric": return i / scale
        case "pytorch_half_pixel": return result > 1 ? (i + 0.5) / scale - 0.5 : 0
        case "tf_half_pixel_for_nn": return (i + 0.5) / scale
        case "half_pixel_symmetric":
            // Rounding the extent down must not move the picture's middle.
            let shift: Double = extent / 2 * (1 - result / (extent * scale))
            return shift + (i + 0.5) / scale - 0.5
        case "tf_crop_and_resize":
            let (low, high) = (regions[axis].lowerBound, regions[axis].upperBound)
            let unit: Double = result > 1 ? low + i * (high - low) / (result - 1) : (low + high) / 2
            return unit * (extent - 1)
        default: return (i + 0.5) / scale - 0.5
        }
    }

    private func resized(_ x: Tensor, _ axis: Int, _ places: [Double]) throws -> Tensor {
        let extent = x.shape[axis]
        guard extent > 0 else { throw call.failure("axis \(axis) of \(x.shape) is empty") }
        if mode == "nearest" {
            return x.gathered(Tensor(places.map { min(max(nearest($0), 0), extent - 1) }), axis: axis)
        }
        // Each place as weights of neighbours: rows of one length, which is the number of neighbours.
        let rows = try places.map { try weights($0, scale: scales[axis], extent: extent) }
        let count = rows.map(\.count).max() ?? 0
        let dtype: DType = x.dtype == .float64 ? .float64 : .float32
        var sum: Tensor?
        for neighbour in 0..<count {
            let indices = rows.map { neighbour < $0.count ? $0[neighbour].index : 0 }
            let factors = rows.map { neighbour < $0.count ? $0[neighbour].weight : 0 }
            let column = Tensor(
                factors, shape: Shape(x.shape.indices.map { $0 == axis ? factors.count : 1 }), dtype: dtype)
            let term = x.cast(to: dtype).gathered(Tensor(indices), axis: axis) * column
            sum = sum.map { $0 + term } ?? term
        }
        return (sum ?? x.sliced(axis: axis, 0, 0)).cast(to: x.dtype)
    }

    private func nearest(_ place: Double) -> Int {
        switch rounding {
        case "floor": return Int(place.rounded(.down))
        case "ceil": return Int(place.rounded(.up))
        case "round_prefer_ceil": return Int((place + 0.5).rounded(.down))
        default: return Int((place - 0.5).rounded(.up))
        }
    }

    private func weights(_ place: Double, scale: Double, extent: Int) throws -> [(index: Int, weight: Double)] {
        let cubic = try mode == "cubic" ? call.float("cubic_coeff_a", default: -0.75) : nil
        let excludesOutside = try call.flag("exclude_outside")
        // Going down with antialiasing, the kernel is as much wider as the result is smaller.
        let stretch = antialiases ? min(scale, 1) : 1
        let reach = (cubic == nil ? 1.0 : 2.0) / stretch
        let first = Int((place - reach).rounded(.down)) + 1, last = Int((place + reach).rounded(.up)) - 1
        var entries: [(index: Int, weight: Double)] = []
        for index in first...max(first, last) {
            let distance = abs(Double(index) - place) * stretch
            let weight = cubic.map { cubicKernel(distance, $0) } ?? max(0, 1 - distance)
            let isOutside = index < 0 || index >= extent
            entries.append((min(max(index, 0), extent - 1), isOutside && (excludesOutside || antialiases) ? 0 : weight))
        }
        let total = entries.reduce(0) { $0 + $1.weight }
        return entries.map { ($0.index, total == 0 ? 0 : $0.weight / total) }
    }
}

/// The cubic convolution kernel (Keys 1981).
private func cubicKernel(_ distance: Double, _ a: Double) -> Double {
    let d = distance
    let near: Double = ((a + 2) * d - (a + 3)) * d * d + 1
    let inner: Double = (a * d - 5 * a) * d + 8 * a
    let far: Double = inner * d - 4 * a
    return d <= 1 ? near : d < 2 ? far : 0
}

// MARK: Grids

/// Elements of images read at a grid of places from −1 to 1: `(N, C, …)` of n spatial axes at `(N, …, n)` → `(N, C, …)`.
private func gridSample(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0), grid = try call.tensor(1)
    let mode: GridInterpolation
    switch try call.string("mode", default: "bilinear") {
    case "nearest": mode = .nearest
    case "bilinear", "linear": mode = .linear
    case "bicubic", "cubic": mode = .cubic
    case let other: throw call.unsupported("the mode \(other)")
    }
    let padding = try call.string("padding_mode", default: "zeros")
    return ApusTensor.gridSample(
        x, grid, mode: mode, padding: GridPadding(rawValue: padding) ?? .zeros,
        alignCorners: try call.flag("align_corners"))
}

/// The places that an affine map of the plane or of space moves those of an image to: `theta (N, n, n + 1)` → `(N, …, n)`.
private func imageGrid(_ call: OperatorCall) throws -> Tensor {
    let size = try call.shape(1)
    return affineGrid(try call.tensor(0), size: size.dimensions, alignCorners: try call.flag("align_corners"))
}

/// Regions of pictures brought to one size: the mean, or the largest, of bilinear samples in each cell (He et al. 2017).
///
/// - Input: `(N, C, H, W)`, regions `(R, 4)` as x₁, y₁, x₂, y₂, the picture of each `(R)`. Output: `(R, C, height, width)`.
private func roiAlign(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0)
    let regions = try call.tensor(1).elements(as: Double.self), pictures = try call.integers(2)
    guard x.rank == 4, regions.count == 4 * pictures.count, pictures.allSatisfy({ (0..<x.shape[0]).contains($0) })
    else {
        throw call.failure("\(regions.count / 4) regions of \(pictures.count) pictures of \(x.shape)")
    }
    let height = try call.integer("output_height", default: 1), width = try call.integer("output_width", default: 1)
    let scale = try call.float("spatial_scale", default: 1), ratio = try call.integer("sampling_ratio", default: 0)
    let isHalfPixel =
        try call.version >= 16 && call.string("coordinate_transformation_mode", default: "half_pixel") == "half_pixel"
    let takesMaximum = try call.string("mode", default: "avg") == "max"
    guard height > 0, width > 0, regions.allSatisfy({ abs($0 * scale) < 1e5 }), ratio < 1 << 10 else {
        throw call.failure("a size of \(height) × \(width)")
    }
    let results = pictures.enumerated().map { index, picture -> Tensor in
        let offset = isHalfPixel ? 0.5 : 0
        let ends = regions[(4 * index)..<(4 * index + 4)].map { (end: Double) -> Double in end * scale - offset }
        let left = ends[0], top = ends[1]
        // Before version 16 a region is at least one element wide.
        let spanX = isHalfPixel ? ends[2] - left : max(1, ends[2] - left)
        let spanY = isHalfPixel ? ends[3] - top : max(1, ends[3] - top)
        let rows = samples(from: top, span: spanY, cells: height, ratio: ratio, extent: x.shape[2])
        let columns = samples(from: left, span: spanX, cells: width, ratio: ratio, extent: x.shape[3])
        let one = x.sliced(axis: 0, picture, 1).squeezed(0)  // (C, H, W)
        if !takesMaximum {
            // (C, H, W) → (C, H, width · m) → (C, height · k, width · m)
            let read = bilinear(bilinear(one, axis: 2, columns.flatMap { $0 }), axis: 1, rows.flatMap { $0 })
            let cells = read.reshaped(x.shape[1], height, rows[0].count, width, columns[0].count)
            return cells.mean(axes: 2, 4)
        }
        return largestPart(one, rows, columns)
    }
    return results.isEmpty ? .zeros([0, x.shape[1], height, width], dtype: x.dtype) : stack(results)
}

/// A place between two elements: their indices and the weight of the second.
private struct Sample {
    let first: Int
    let second: Int
    let fraction: Double
    let isInside: Bool
}

/// The samples of each cell along one axis.
private func samples(from start: Double, span: Double, cells: Int, ratio: Int, extent: Int) -> [[Sample]] {
    let cell = span / Double(cells)
    let count = max(1, ratio > 0 ? ratio : Int(cell.rounded(.up)))
    return (0..<cells).map { index in
        (0..<count).map { step in
            let within: Double = (Double(step) + 0.5) / Double(count)
            let place: Double = start + (Double(index) + within) * cell
            let inside = min(max(place, 0), Double(extent - 1))
            let first = Int(inside.rounded(.down))
            return Sample(
                first: first, second: min(first + 1, extent - 1), fraction: inside - Double(first),
                isInside: place >= -1 && place <= Double(extent))
        }
    }
}

/// Samples along an axis, 0 outside.
private func bilinear(_ x: Tensor, axis: Int, _ samples: [Sample]) -> Tensor {
    let shape = Shape(x.shape.indices.map { $0 == axis ? samples.count : 1 })
    let near = Tensor(samples.map { $0.isInside ? 1 - $0.fraction : 0 }, shape: shape, dtype: x.dtype)
    let far = Tensor(samples.map { $0.isInside ? $0.fraction : 0 }, shape: shape, dtype: x.dtype)
    return x.gathered(Tensor(samples.map(\.first)), axis: axis) * near
        + x.gathered(Tensor(samples.map(\.second)), axis: axis) * far
}

/// The largest of the four weighted neighbours of all samples in each cell, as ONNX's definition has it.
private func largestPart(_ x: Tensor, _ rows: [[Sample]], _ columns: [[Sample]]) -> Tensor {
    func parts(_ samples: [Sample]) -> [(indices: [Int], weights: [Double])] {
        [
            (samples.map(\.first), samples.map { $0.isInside ? 1 - $0.fraction : 0 }),
            (samples.map(\.second), samples.map { $0.isInside ? $0.fraction : 0 }),
        ]
    }
    var largest: Tensor?
    for row in parts(rows.flatMap { $0 }) {
        for column in parts(columns.flatMap { $0 }) {
            let read = x.gathered(Tensor(row.indices), axis: 1).gathered(Tensor(column.indices), axis: 2)
            let weights = Tensor(row.weights, dtype: x.dtype).expandingDims(1) * Tensor(column.weights, dtype: x.dtype)
            largest = largest.map { maximum($0, read * weights) } ?? read * weights
        }
    }
    let cells = largest!.reshaped(x.shape[0], rows.count, rows[0].count, columns.count, columns[0].count)
    return cells.max(axes: 2, 4)
}
