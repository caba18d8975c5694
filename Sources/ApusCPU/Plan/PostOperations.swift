import ApusGraph
import COneDNN

/// The parts of an epilogue in oneDNN's terms.
struct PostOperations {
    var hasBias: Bool
    /// Whether the result is added to what lies in its memory.
    var accumulates: Bool
    var activation: UnaryOperation?
    /// Whether a rectifier must keep NaN.
    var keepsNaN: Bool

    init(_ epilogue: Epilogue, keepsNaN: Bool) {
        self.keepsNaN = keepsNaN
        hasBias = epilogue.bias != nil
        accumulates = epilogue.residual != nil
        activation = epilogue.activation
    }

    /// Writes them into a primitive's attributes. The bias is an argument, no attribute.
    func apply(to attributes: dnnl_primitive_attr_t, algorithm: dnnl_alg_kind_t) {
        var operations: dnnl_post_ops_t?
        OneDNN.check(dnnl_post_ops_create(&operations), "post-operations")
        defer { dnnl_post_ops_destroy(operations) }
        if accumulates { OneDNN.check(dnnl_post_ops_append_sum(operations, 1), "sum") }
        if activation == .relu {
            let rectifier = rectifier(algorithm)
            OneDNN.check(dnnl_post_ops_append_eltwise(operations, 1, rectifier, 0, 0), "rectifier")
        }
        OneDNN.check(dnnl_primitive_attr_set_post_ops(attributes, operations), "post-operations")
    }

    /// oneDNN's ReLU is a maximum, which makes 0 of what is no number, except behind Winograd's transform. Its ELU with
    /// `alpha` = 0 is the same function and keeps NaN, but computes an exponential.
    private func rectifier(_ algorithm: dnnl_alg_kind_t) -> dnnl_alg_kind_t {
        algorithm == dnnl_convolution_winograd || !keepsNaN ? dnnl_eltwise_relu : dnnl_eltwise_elu
    }
}
