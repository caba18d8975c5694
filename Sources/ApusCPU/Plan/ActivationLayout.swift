import ApusGraph
import COneDNN

/// How activations lie between a program's convolutions.
///
/// Direct convolutions are about as fast on channels-last activations as on those blocked by 16 channels. oneDNN's
/// Winograd convolutions, twice as fast, take blocked ones only, and a change of layout on each side of one costs half
/// of the gain. So the whole program is blocked if it has a layer that Winograd's algorithm pays for, and channels-last
/// if not (docs/decisions/008-blocked-activations.md has the figures).
enum ActivationLayout {
    case channelsLast
    case blocked

    init(of program: Program, _ constants: Set<Int>, _ options: EngineOptions) {
        let cases = program.instructions.lazy.compactMap { ConvolutionCase($0, program, constants: constants) }
        let blocks = options.runs(.blockedActivations) && OneDNN.hasWideVectors
        self = blocks && cases.contains { $0.paysWinograd } ? .blocked : .channelsLast
    }
}

extension ConvolutionCase {
    /// What to try, best first. The last may have no optimized primitive; it always has one.
    func candidates(_ activations: ActivationLayout, _ options: EngineOptions) -> [Candidate] {
        guard activations == .blocked, let x = blockedFormat(x[1]), y[1] % Layout.blockSize == 0 else {
            return [.channelsLast]
        }
        let blocked = Candidate(x: x, y: .blocked)
        let direct = prefersChannelsLast ? [.channelsLast, blocked] : [blocked, .channelsLast]
        guard options.runs(.winograd), x == .blocked, paysWinograd else { return direct }
        return [Candidate(x: x, y: .blocked, algorithm: dnnl_convolution_winograd)] + direct
    }

    /// On small batches strided kernels take up to a third longer on blocks, more than the change of layout does.
    private var prefersChannelsLast: Bool {
        hasConstantWeights && x[0] == 1 && geometry.groups == 1 && geometry.spatialRank == 2 && weight[2...] == [3, 3]
            && geometry.stride != [1, 1] && x[1] >= 64
    }

    /// Pictures of up to three channels are read as they come.
    private func blockedFormat(_ channels: Int) -> ActivationFormat? {
        if channels % Layout.blockSize == 0 { return .blocked }
        return channels <= 3 && geometry.groups == 1 ? .plain : nil
    }

    /// The number of 4×4 tiles of the output.
    private var tiles: Int { y[0] * ((y[2] + 3) / 4) * ((y[3] + 3) / 4) }

    /// Whether Winograd's F(4×4, 3×3), with a quarter of the multiplications, beats the direct convolution.
    ///
    /// Transforming the weights costs as much as multiplying some tens of tiles, so small batches of small images don't
    /// pay unless the weights stay; neither do few channels, whose activations are soon multiplied once they are
    /// transformed.
    fileprivate var paysWinograd: Bool {
        dtype == .float32 && fitsWinograd && (hasConstantWeights || tiles >= (pass == .weightGradient ? 32 : 64))
    }

    private var fitsWinograd: Bool {
        let ones = [Int](repeating: 1, count: 2)
        guard geometry.spatialRank == 2, geometry.groups == 1, weight[2...] == [3, 3], geometry.stride == ones,
            geometry.dilation == ones, x[1] % Layout.blockSize == 0, y[1] % Layout.blockSize == 0
        else { return false }
        let (channels, pixels) = (min(x[1], y[1]), y[2] * y[3])
        let isCovered = 2 * y[0] * pixels >= 16 * tiles
        return isCovered && (channels >= 64 || channels >= 32 && pixels >= 1024)
    }
}
