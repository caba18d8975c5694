import Foundation
import Testing

/// `docs/layers.md` beside the source text that it is about.
@Suite("The page of layers")
struct LayersPageTests {
    private let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL

    @Test func everythingPublicHasARow() throws {
        let (declared, listed) = (try declaredNames(), try listedNames())
        #expect(declared.count > 150)
        #expect(declared.subtracting(listed).sorted() == [], "public names without a row in docs/layers.md")
    }

    @Test func everyRowIsOfSomething() throws {
        var sources = try ["ApusNN", "ApusOptim"].flatMap { try files(below: "Sources/\($0)") }
        sources += try ["Tensor+Creation.swift", "Random.swift", "Operations/Norms.swift"].map {
            try text("Sources/ApusTensor/\($0)")
        }
        let declaration = #/(?:class|struct|enum|protocol|func|var) (\w+)/#
        let known = Set(sources.flatMap { $0.matches(of: declaration).map { String($0.output.1) } })
        #expect(try listedNames().subtracting(known).sorted() == [], "rows of docs/layers.md without a declaration")
    }

    @Test(arguments: [
        ("torch.nn", layers), ("torch.nn.functional", functions), ("torch.optim", optimizers),
        ("torch.optim.lr_scheduler", schedules), ("torch.nn.init", initializers), ("torch.nn.utils", utilities),
    ])
    func everyNameOfPyTorchHasARow(_ module: String, _ names: String) throws {
        var words = Set(try rows("docs/layers.md").flatMap { self.words($0[1]) })
        if module == "torch.nn.functional" {
            words.formUnion(try rows("docs/operations.md").flatMap { self.words($0[2]) })
        }
        #expect(names.split(whereSeparator: \.isWhitespace).map(String.init).filter { !words.contains($0) } == [])
    }

    @Test func everyRowIsWhole() throws {
        for row in try rows("docs/layers.md") {
            #expect(row.count == 5 || row.count == 3, "\(row)")
            #expect(row.allSatisfy { !$0.isEmpty }, "\(row)")
        }
    }

    // MARK: What there is

    /// Public types and functions at the top level, and the initializers of tensors.
    private func declaredNames() throws -> Set<String> {
        let folders = ["ApusNN/Layers", "ApusNN/Losses", "ApusNN/Parametrization", "ApusOptim"]
        let sources = try folders.flatMap { try files(below: "Sources/\($0)") }
        let top = #/(?m)^(?:public|open) (?:final )?(?:class|struct|protocol|func) (\w+)/#
        let names = sources.flatMap { $0.matches(of: top).map { String($0.output.1) } }
        let initializer = #/    public static func (\w+)\(/#
        let distributions = try text("Sources/ApusNN/Initializers.swift").matches(of: initializer)
        return Set(names + distributions.map { String($0.output.1) })
    }

    /// The names in the first column: `Name`, `function(_:)`, `value.method(_:)`.
    private func listedNames() throws -> Set<String> {
        let spans = try rows("docs/layers.md").filter { $0.count == 5 }.flatMap { $0[0].matches(of: #/`([^`]+)`/#) }
        return Set(
            spans.compactMap { span in
                let path = span.output.1.prefix { $0 != "(" }
                return path.split(separator: ".").last.map(String.init)
            })
    }

    private func words(_ cell: String) -> [String] {
        cell.split { $0 != "_" && !$0.isLetter && !$0.isNumber }.map(String.init)
    }

    private func rows(_ page: String) throws -> [[String]] {
        let isHeading = #/^\| (---|here|missing) /#
        return try text(page).split(separator: "\n").map(String.init)
            .filter { $0.hasPrefix("| ") && $0.firstMatch(of: isHeading) == nil }
            .map { line in
                line.replacing("\\|", with: "\u{0}").dropFirst(2).dropLast(2).split(separator: " | ").map {
                    String($0.replacing("\u{0}", with: "|"))
                }
            }
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    private func files(below folder: String) throws -> [String] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path)
        return try paths.filter { $0.hasSuffix(".swift") }.map { try text(folder + "/" + $0) }
    }

    // MARK: The names of PyTorch 2.15

    private static let layers = """
        AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveLogSoftmaxWithLoss AdaptiveMaxPool1d
        AdaptiveMaxPool2d AdaptiveMaxPool3d AlphaDropout AvgPool1d AvgPool2d AvgPool3d BCELoss BCEWithLogitsLoss
        BatchNorm1d BatchNorm2d BatchNorm3d Bilinear Buffer CELU CTCLoss ChannelShuffle CircularPad1d
        CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d ConstantPad3d Container Conv1d Conv2d Conv3d
        ConvTranspose1d ConvTranspose2d ConvTranspose3d CosineEmbeddingLoss CosineSimilarity CrossEntropyLoss
        CrossMapLRN2d DataParallel Dropout Dropout1d Dropout2d Dropout3d ELU Embedding EmbeddingBag
        FeatureAlphaDropout Flatten Fold FractionalMaxPool2d FractionalMaxPool3d GELU GLU GRU GRUCell
        GaussianNLLLoss GroupNorm Hardshrink Hardsigmoid Hardswish Hardtanh HingeEmbeddingLoss HuberLoss
        Identity InstanceNorm1d InstanceNorm2d InstanceNorm3d KLDivLoss L1Loss LPPool1d LPPool2d LPPool3d LSTM
        LSTMCell LayerNorm LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d LazyConv1d LazyConv2d LazyConv3d
        LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d LazyInstanceNorm1d LazyInstanceNorm2d
        LazyInstanceNorm3d LazyLinear LeakyReLU Linear LinearCrossEntropyLoss LinearCrossEntropyOptions
        LocalResponseNorm LogSigmoid LogSoftmax MSELoss MarginRankingLoss MaxPool1d MaxPool2d MaxPool3d
        MaxUnpool1d MaxUnpool2d MaxUnpool3d Mish Module ModuleDict ModuleList MultiLabelMarginLoss
        MultiLabelSoftMarginLoss MultiMarginLoss MultiheadAttention NLLLoss NLLLoss2d PReLU PairwiseDistance
        Parameter ParameterDict ParameterList PixelShuffle PixelUnshuffle PoissonNLLLoss RMSNorm RNN RNNBase
        RNNCell RNNCellBase RReLU ReLU ReLU6 ReflectionPad1d ReflectionPad2d ReflectionPad3d ReplicationPad1d
        ReplicationPad2d ReplicationPad3d SELU Sequential SiLU Sigmoid SmoothL1Loss SoftMarginLoss Softmax
        Softmax2d Softmin Softplus Softshrink Softsign SyncBatchNorm Tanh Tanhshrink Threshold Transformer
        TransformerDecoder TransformerDecoderLayer TransformerEncoder TransformerEncoderLayer TripletMarginLoss
        TripletMarginWithDistanceLoss Unflatten Unfold UninitializedBuffer UninitializedParameter Upsample
        UpsamplingBilinear2d UpsamplingNearest2d ZeroPad1d ZeroPad2d ZeroPad3d
        """
    private static let functions = """
        ScalingType SwizzleType adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d
        adaptive_max_pool1d_with_indices adaptive_max_pool2d adaptive_max_pool2d_with_indices
        adaptive_max_pool3d adaptive_max_pool3d_with_indices affine_grid alpha_dropout avg_pool1d avg_pool2d
        avg_pool3d batch_norm bilinear binary_cross_entropy binary_cross_entropy_with_logits celu
        channel_shuffle conv1d conv2d conv3d conv_tbc conv_transpose1d conv_transpose2d conv_transpose3d
        cosine_embedding_loss cosine_similarity cross_entropy ctc_loss dropout dropout1d dropout2d dropout3d elu
        embedding embedding_bag feature_alpha_dropout fold fractional_max_pool2d
        fractional_max_pool2d_with_indices fractional_max_pool3d fractional_max_pool3d_with_indices
        gaussian_nll_loss gelu glu grid_sample group_norm grouped_mm gumbel_softmax hardshrink hardsigmoid
        hardswish hardtanh hinge_embedding_loss huber_loss instance_norm interpolate kl_div l1_loss layer_norm
        leaky_relu linear linear_cross_entropy local_response_norm log_softmax logsigmoid lp_pool1d lp_pool2d
        lp_pool3d margin_ranking_loss max_pool1d max_pool1d_with_indices max_pool2d max_pool2d_with_indices
        max_pool3d max_pool3d_with_indices max_unpool1d max_unpool2d max_unpool3d mish mse_loss
        multi_head_attention_forward multi_margin_loss multilabel_margin_loss multilabel_soft_margin_loss
        native_channel_shuffle nll_loss normalize one_hot pad pairwise_distance pdist pixel_shuffle
        pixel_unshuffle poisson_nll_loss prelu relu relu6 rms_norm rrelu scaled_addmm
        scaled_dot_product_attention scaled_grouped_mm scaled_mm selu sigmoid silu smooth_l1_loss
        soft_margin_loss softmax softmin softplus softshrink softsign tanh tanhshrink threshold
        triplet_margin_loss triplet_margin_with_distance_loss unfold upsample upsample_bilinear upsample_nearest
        """
    private static let optimizers = """
        ASGD Adadelta Adafactor Adagrad Adam AdamW Adamax LBFGS Muon NAdam Optimizer RAdam RMSprop Rprop SGD
        SparseAdam swap_in_optimizer_params_and_state
        """
    private static let schedules = """
        ChainedScheduler ConstantLR CosineAnnealingLR CosineAnnealingWarmRestarts CyclicLR ExponentialLR
        LRScheduler LambdaLR LinearLR MultiStepLR MultiplicativeLR OneCycleLR PolynomialLR ReduceLROnPlateau
        SequentialLR StepLR
        """
    private static let initializers = """
        calculate_gain constant constant_ dirac dirac_ eye eye_ kaiming_normal kaiming_normal_ kaiming_uniform
        kaiming_uniform_ normal normal_ ones_ orthogonal orthogonal_ sparse sparse_ trunc_normal_ uniform
        uniform_ xavier_normal xavier_normal_ xavier_uniform xavier_uniform_ zeros_
        """
    private static let utilities = """
        AveragedModel BasePruningMethod CustomFromMask L1Unstructured LnStructured PackedSequence
        ParametrizationList PruningContainer RandomStructured RandomUnstructured SWALR cached clip_grad_norm
        clip_grad_norm_ clip_grad_value_ clip_grads_with_norm_ convert_conv2d_weight_memory_format
        convert_conv3d_weight_memory_format custom_from_mask functional_call fuse_conv_bn_eval
        fuse_conv_bn_weights fuse_linear_bn_eval fuse_linear_bn_weights get_ema_avg_fn get_ema_multi_avg_fn
        get_swa_avg_fn get_swa_multi_avg_fn get_total_norm global_unstructured identity is_parametrized
        is_pruned l1_unstructured ln_structured orthogonal pack_padded_sequence pack_sequence
        pad_packed_sequence pad_sequence parameters_to_vector parametrizations parametrize random_structured
        random_unstructured register_parametrization remove remove_parametrizations remove_spectral_norm
        remove_weight_norm rnn skip_init spectral_norm stateless transfer_parametrizations_and_params
        type_before_parametrizations unpack_sequence unpad_sequence update_bn vector_to_parameters weight_norm
        """
}
