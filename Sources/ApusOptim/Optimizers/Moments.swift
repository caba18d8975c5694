import Foundation

// Running averages that several rules share, kept in a parameter's state under PyTorch's names.

extension [String: Tensor] {
    /// Takes a gradient into Adam's moments, `exp_avg` and `exp_avg_sq`.
    mutating func moments(
        _ gradient: Tensor, _ betas: (Double, Double), _ step: UpdateStep
    ) -> (first: Tensor, second: Tensor) {
        let first = average("exp_avg", gradient, share: step("1 - beta1", 1 - betas.0))
        return (first, meanSquare("exp_avg_sq", gradient, betas.1, step))
    }

    /// `a ← a + (x − a) · share`
    mutating func average(_ name: String, _ x: Tensor, share: Tensor) -> Tensor {
        let old = self[name] ?? zeros(like: x)
        let new = old + (x - old) * share
        self[name] = new
        return new
    }

    /// `s ← decay · s + (1 − decay) · x²`
    mutating func meanSquare(_ name: String, _ x: Tensor, _ decay: Double, _ step: UpdateStep) -> Tensor {
        let old = self[name] ?? zeros(like: x)
        let new = old * step("square's decay", decay) + x * x * step("square's share", 1 - decay)
        self[name] = new
        return new
    }
}

/// Zeros as a known value: a program that makes them would be another one than the next step's.
func zeros(like x: Tensor) -> Tensor { Tensor.zeros(like: x).evaluated() }

/// `baseᵗ`
func power(_ base: Double, _ t: Int) -> Double { Foundation.pow(base, Double(t)) }
