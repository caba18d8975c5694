import Apus

/// Changes pictures at random so that their classes stay: a network then sees few of them twice.
package struct Augmentation: Codable, Hashable, Sendable {
    /// How many pixels a picture moves at most, in both directions.
    var shift: Int
    /// Whether half of the pictures are mirrored. Garments and scenes stay what they are, digits and letters don't.
    var mirrors: Bool

    package init(shift: Int, mirrors: Bool) {
        self.shift = shift
        self.mirrors = mirrors
    }

    /// One gather for the whole batch: `y[n, c, i, j] = x[n, c, clamp(i + dᵢ), clamp(±(j + dⱼ))]`.
    /// What comes in from outside repeats the edge.
    ///
    /// - Input: `x (B, C, H, W)`.
    package func callAsFunction(_ x: Tensor, generator: Generator = .current) -> Tensor {
        if shift == 0 && !mirrors { return x }
        let (count, channels, height, width) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        let rows = moved(.range(height).reshaped(1, height, 1), below: height, count, generator)  // (B, H, 1)
        var columns = moved(.range(width).reshaped(1, 1, width), below: width, count, generator)  // (B, 1, W)
        if mirrors {
            let isMirrored = Tensor.bernoulli([count, 1, 1], probability: 0.5, generator: generator)
            columns = `where`(isMirrored, -columns + (width - 1), columns)
        }
        let places = (rows * width + columns).reshaped(count, 1, height * width)  // (B, 1, HW)
        return x.reshaped(count, channels, height * width)
            .gathered(elements: places.broadcast(to: [count, channels, height * width]), axis: 2)
            .reshaped(x.shape)
    }

    /// Coordinates moved by a random offset for each picture, kept inside.
    private func moved(_ coordinates: Tensor, below end: Int, _ count: Int, _ generator: Generator) -> Tensor {
        if shift == 0 { return coordinates }
        let offsets = Tensor.randomIntegers([count, 1, 1], in: -shift..<(shift + 1), generator: generator)
        return minimum(maximum(coordinates + offsets, 0), end - 1)
    }
}
