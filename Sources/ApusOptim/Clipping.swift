extension Gradients {
    /// All gradients scaled together so that their global norm is at most `norm` (Pascanu et al. 2013):
    /// `g · min(1, norm / (‖g‖ + 10⁻⁶))`.
    ///
    /// - Parameter order: the p of the p-norm, ∞ for the largest element; 2 by default.
    public func clipped(norm: Double, order: Double = 2) -> Gradients {
        let factor = minimum(norm / (self.norm(order: order) + 1e-6), 1)
        return map { $0 * factor.cast(to: $0.dtype) }
    }

    /// Every element limited to [−value, value].
    public func clipped(value: Double) -> Gradients { map { $0.clamped(-value, value) } }
}
