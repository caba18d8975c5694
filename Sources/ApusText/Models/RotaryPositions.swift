import ApusNN
import Foundation

/// Positions as rotations: the numbers `i` and `i + E/2` of a head are the parts of a vector in the plane, which is turned by
/// `position / base^(2i/E)`. Products of queries and keys then depend on their distance alone.
///
/// Reference: Su et al., “RoFormer: enhanced Transformer with rotary position embedding”, 2021; halves as in Llama's checkpoints.
struct RotaryPositions {
    /// `(T, E)`
    private let cosines: Tensor
    private let sines: Tensor

    /// - Parameter positions: `(T)`.
    init(_ positions: Tensor, headWidth: Int, base: Double) {
        let exponents = Tensor.range(headWidth / 2, dtype: .float32) * (2 / Double(headWidth))
        let frequencies = exp(exponents * -log(base))  // (E / 2)
        let angles = positions.cast(to: .float32).expandingDims(1) * frequencies  // (T, E / 2)
        cosines = concatenate([cos(angles), cos(angles)], axis: 1)
        sines = concatenate([sin(angles), sin(angles)], axis: 1)
    }

    /// `(B, heads, T, E)` → the same.
    func callAsFunction(_ x: Tensor) -> Tensor {
        let halves = x.chunked(2, axis: -1)
        return x * cosines.cast(to: x.dtype) + concatenate([-halves[1], halves[0]], axis: -1) * sines.cast(to: x.dtype)
    }
}
