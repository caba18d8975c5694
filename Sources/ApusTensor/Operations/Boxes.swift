// Boxes in images: `(left, top, right, bottom)` along the last axis.

/// The areas of boxes `(…, 4)`.
public func boxArea(_ boxes: Tensor) -> Tensor {
    guard boxes.rank >= 1, boxes.shape[boxes.rank - 1] == 4 else { return boxes.invalid("boxArea: \(boxes.shape)") }
    let sides = boxes.sliced(axis: -1, 2, 2) - boxes.sliced(axis: -1, 0, 2)
    return sides.product(axes: -1)
}

/// The intersections of all pairs of boxes by their unions: `(n, 4)` and `(m, 4)` give `(n, m)` (box_iou).
public func boxIoU(_ a: Tensor, _ b: Tensor) -> Tensor {
    guard a.rank == 2, b.rank == 2, a.shape[1] == 4, b.shape[1] == 4 else {
        return a.invalid("boxIoU: \(a.shape) and \(b.shape)")
    }
    let (a, b) = (a.floating, b.floating)
    let (left, right) = (a.expandingDims(1), b.expandingDims(0))
    let low = maximum(left.sliced(axis: -1, 0, 2), right.sliced(axis: -1, 0, 2))
    let high = minimum(left.sliced(axis: -1, 2, 2), right.sliced(axis: -1, 2, 2))
    let shared = (high - low).clamped(0, nil).product(axes: -1)  // (n, m)
    return shared / (boxArea(a).expandingDims(1) + boxArea(b) - shared)
}

/// The boxes that are left when each, from the highest score down, drops those that overlap it more than `threshold` (nms).
///
/// - Parameter classes: boxes of different classes do not drop each other (batched_nms).
/// - Input: `boxes (n, 4)`, `scores (n)`. Output: indices of the boxes left, by falling scores. Looks at the values.
public func nonMaximumSuppression(
    _ boxes: Tensor, scores: Tensor, threshold: Double, classes: Tensor? = nil
) -> Tensor {
    guard boxes.rank == 2, boxes.shape[1] == 4, scores.shape == [boxes.shape[0]],
        classes.map({ $0.shape == scores.shape }) ?? true
    else { return boxes.invalid("nonMaximumSuppression: boxes \(boxes.shape), scores \(scores.shape)") }
    let order = scores.argSort(descending: true).elements(as: Int.self)
    let corners: [Float] = boxes.elements()
    let labels = classes?.elements(as: Int.self)
    func overlap(_ i: Int, _ j: Int) -> Float {
        func side(_ axis: Int) -> Float {
            max(
                0,
                min(corners[4 * i + axis + 2], corners[4 * j + axis + 2])
                    - max(corners[4 * i + axis], corners[4 * j + axis]))
        }
        func area(_ i: Int) -> Float {
            (corners[4 * i + 2] - corners[4 * i]) * (corners[4 * i + 3] - corners[4 * i + 1])
        }
        let shared = side(0) * side(1)
        return shared / (area(i) + area(j) - shared)
    }
    var kept: [Int] = []
    for candidate in order {
        let isDropped = kept.contains { other in
            labels.map { $0[other] == $0[candidate] } ?? true && Double(overlap(other, candidate)) > threshold
        }
        if !isDropped { kept.append(candidate) }
    }
    return Tensor(kept)
}

/// The parts of images that lie in boxes, each in the same size (He et al. 2017, "Mask R-CNN"; torchvision's roi_align).
///
/// Each output is the mean of `samples` × `samples` points of its part of the box, interpolated linearly. Boxes have no gradient.
///
/// - Parameters:
///   - images: the image of each box: int64 `(K)`.
///   - spatialScale: what the boxes' coordinates are multiplied by.
///   - samples: without it as many as a part has pixels, so that boxes are looked at.
///   - aligned: whether pixels' centres, rather than their corners, are at whole coordinates; boxes may then be less than a pixel.
/// - Input: `x (N, C, H, W)`, `boxes (K, 4)`. Output: `(K, C) + outputSize`.
public func roiAlign(
    _ x: Tensor, _ boxes: Tensor, images: Tensor, outputSize: [Int], spatialScale: Double = 1, samples: Int? = nil,
    aligned: Bool = false
) -> Tensor {
    guard x.rank == 4, boxes.rank == 2, boxes.shape[1] == 4, images.shape == [boxes.shape[0]], outputSize.count == 2,
        outputSize.allSatisfy({ $0 > 0 })
    else { return x.invalid("roiAlign: \(x.shape) in boxes \(boxes.shape), images \(images.shape), to \(outputSize)") }
    let corners = stopGradient(boxes).cast(to: x.dtype) * spatialScale - (aligned ? 0.5 : 0)
    func shares(_ axis: Int, _ parts: Int) -> Tensor {
        let ends = (corners.sliced(axis: 1, axis, 1), corners.sliced(axis: 1, axis + 2, 1))
        return regionShares(
            start: ends.0, length: aligned ? ends.1 - ends.0 : maximum(ends.1 - ends.0, 1), parts: parts,
            samples: samples, size: x.shape[3 - axis])
    }
    let (byRow, byColumn) = (shares(1, outputSize[0]), shares(0, outputSize[1]))  // (K, P, H), (K, Q, W)
    let regions = x.gathered(images)  // (K, C, H, W)
    return matmul(matmul(byRow.expandingDims(1), regions), byColumn.expandingDims(1).T)
}

/// How much each of `size` pixels has of each of `parts` equal parts of an interval `(K, 1)`: `(K, parts, size)`.
private func regionShares(start: Tensor, length: Tensor, parts: Int, samples: Int?, size: Int) -> Tensor {
    let part = length / Double(parts)
    // Empty boxes have no samples, and zeros for a result.
    let count = samples.map { Tensor.full(part.shape, Double($0), dtype: part.dtype) } ?? ceil(part).clamped(0, nil)
    let most = samples ?? (count.elementCount == 0 ? 0 : count.max().item(as: Int.self))
    let number = Tensor.range(most, dtype: part.dtype)  // (S)
    let offset = (number + 0.5) / maximum(count, 1)  // (K, S), in parts
    let index = Tensor.range(parts, dtype: part.dtype).expandingDims(1)  // (P, 1)
    let place = start.expandingDims(1) + (index + offset.expandingDims(1)) * part.expandingDims(1)  // (K, P, S)
    let isCounted = (number .< count).expandingDims(1) .& (place .>= -1) .& (place .<= Double(size))
    let weight = isCounted.cast(to: part.dtype) / maximum(count, 1).expandingDims(1)
    // Linear interpolation: a pixel's share falls with its distance.
    let pixels = Tensor.range(size, dtype: part.dtype)
    let distance = abs(place.clamped(0, Double(size - 1)).expandingDims(-1) - pixels)  // (K, P, S, size)
    return ((1 - distance).clamped(0, nil) * weight.expandingDims(-1)).sum(axes: 2)
}
