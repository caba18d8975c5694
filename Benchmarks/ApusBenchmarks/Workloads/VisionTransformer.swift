import Apus

/// A transformer on patches of an image (Dosovitskiy et al. 2021). ViT-S/16: patches of 16, 12 blocks of width 384, 6 heads.
final class VisionTransformer: Module, Layer {
    let patches: Conv2d
    @Parameter var classToken: Tensor
    @Parameter var positions: Tensor
    let blocks: [TransformerBlock]
    let norm: LayerNorm
    let head: Linear

    init(image: Int = 224, patch: Int = 16, width: Int = 384, layers: Int = 12, heads: Int = 6, classes: Int = 1000) {
        let count = (image / patch) * (image / patch)
        patches = Conv2d(3, width, kernelSize: patch, stride: patch)
        classToken = .zeros([1, 1, width])
        positions = .normal([1, count + 1, width], standardDeviation: 0.02)
        blocks = (0..<layers).map { _ in TransformerBlock(width, heads: heads, epsilon: 1e-6) }
        norm = LayerNorm(width, epsilon: 1e-6)
        head = Linear(width, classes)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {  // (B, 3, H, W)
        let patches = patches(x).flattened(from: 2).swappingAxes(1, 2)  // (B, P, width)
        let first = classToken.broadcast(to: [x.shape[0], 1, classToken.shape[2]])
        let tokens = concatenate([first, patches], axis: 1) + positions  // (B, 1 + P, width)
        return head(norm(blocks.reduce(tokens) { $1($0) })[.all, 0])  // (B, classes)
    }
}

let visionTransformer = classifier("vit-s16", input: [8, 3, 224, 224], classes: 1000) { VisionTransformer() }
