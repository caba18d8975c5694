import ApusNN
import ApusTensor
import ApusTestSupport
import Testing

/// Batch normalization takes its statistics in one pass, which must not cost digits.
@Suite("Batch normalization")
struct BatchNormTests {
    @Test(arguments: TestedBackend.allCases) func aMeanFarFromZeroCostsNoDigits(on backend: TestedBackend) {
        backend.run {
            for (mean, deviation) in [(0.0, 1.0), (1000, 0.01), (-30_000, 1), (1e-3, 1e-4)] {
                let x = Tensor.normal(
                    [20, 3, 9, 8], mean: mean, standardDeviation: deviation, generator: Generator(seed: 1))
                check(x, "mean \(mean), deviation \(deviation)")
            }
        }
    }

    @Test func examplesUnlikeTheOthersCostFewDigits() {
        let usual = Tensor.normal([20, 2, 6, 6], mean: 50, generator: Generator(seed: 2))
        let isUnusual = (Tensor.iota([20, 1, 1, 1], axis: 0) .< 16) .& (Tensor.iota([1, 1, 6, 1], axis: 2) .== 3)
        check(`where`(isUnusual, 0, usual), "middle rows of zeros")
    }

    @Test func constantChannelsAreFinite() {
        let y = BatchNorm2d(2)(Tensor.full([4, 2, 3, 3], 0.1))
        expectClose(y, Tensor.zeros([4, 2, 3, 3]), Tolerance(relative: 0, absolute: 1e-4))
    }

    private func check(_ x: Tensor, _ comment: String) {
        let norm = BatchNorm2d(x.shape[1])
        let wide = x.cast(to: .float64)
        let centred = wide - wide.mean(axes: [0, 2, 3], keepingAxes: true)
        let variance = square(centred).mean(axes: [0, 2, 3], keepingAxes: true)
        let expected = centred * rsqrt(variance + norm.epsilon)
        expectClose(
            norm(x).cast(to: .float64), expected, Tolerance(relative: 1e-4, absolute: 1e-4), comment)
    }
}
