import ApusGraph
import CKernels
import COneDNN

// Convolutions of many channels on few pixels as products of matrices: the windows of all pictures become rows (im2col).

extension ConvolutionCase {
    /// Whether a product of matrices beats oneDNN's convolutions: in float32, on small images of many channels, they reach half of a
    /// product's rate, and the windows, `kernel` times as large as the picture, are soon written. In bfloat16 they don't pay.
    fileprivate var paysWindows: Bool {
        guard dtype == .float32, geometry.spatialRank == 2, geometry.groups == 1, weight[2...] != [1, 1] else {
            return false
        }
        let pixels = y[2] * y[3]
        return pixels <= 64 && y[0] * pixels >= 32 && min(x[1], y[1]) >= 64
            && rows * columns * dtype.byteCount <= 1 << 26
    }

    /// Rows, one for each window: `N · OH · OW`.
    fileprivate var rows: Int { y[0] * y[2] * y[3] }
    /// Columns: `KH · KW · C`.
    fileprivate var columns: Int { weight.dropFirst().reduce(1, *) }

    fileprivate var windows: apus_windows {
        func pair(_ values: ArraySlice<Int>) -> (Int, Int) { (values.first!, values.last!) }
        return apus_windows(
            size: pair(x[2...]), positions: pair(y[2...]), channels: x[1], kernel: pair(weight[2...]),
            stride: pair(geometry.stride[...]), padding: pair(geometry.paddingLow[...]),
            dilation: pair(geometry.dilation[...]), elementSize: Int32(dtype.byteCount))
    }
}

extension Planner {
    /// Whether a convolution is to be products of matrices; where Winograd's algorithm pays, it is faster still.
    func usesWindows(_ spec: ConvolutionCase) -> Bool {
        options.runs(.windows) && spec.paysWindows
            && !spec.candidates(activations, options).contains { $0.algorithm == dnnl_convolution_winograd }
    }

    /// A convolution, or one of its gradients, by products of matrices.
    mutating func emitByWindows(_ spec: ConvolutionCase, _ instruction: Program.Instruction) -> Layout {
        let (first, second) = (instruction.operands[0], instruction.operands[1])
        return switch spec.pass {
        case .forward: emitForward(spec, x: first, weight: second, instruction.type)
        case .inputGradient: emitInputGradient(spec, gradient: first, weight: second, instruction.type)
        case .weightGradient: Layout(emitWeightGradient(spec, x: first, gradient: second))
        }
    }

    /// `y = windows(x) · Wᵀ`
    private mutating func emitForward(_ spec: ConvolutionCase, x: Int, weight: Int, _ type: TensorType) -> Layout {
        let result = newActivation(type, .channelsLast)
        let matrix = matrix(weight, spec).transposed([0, 2, 1])  // (1, KH·KW·C, O)
        emitProduct(emitWindows(x, spec), matrix, rows(result.view, spec.rows, spec.y[1]), flops: spec.flops)
        return result
    }

    /// `dW = dyᵀ · windows(x)`, given back with the channels before the kernel's axes.
    private mutating func emitWeightGradient(_ spec: ConvolutionCase, x: Int, gradient: Int) -> View {
        let dy = rows(laidOut(gradient, .channelsLast).view, spec.rows, spec.y[1])  // (1, N·OH·OW, O)
        let result = newView(TensorType(Shape(spec.weight), spec.dtype), order: [0, 2, 3, 1])
        emitProduct(
            dy.transposed([0, 2, 1]), emitWindows(x, spec), rows(result, spec.y[1], spec.columns), flops: spec.flops)
        return contiguous(result)
    }

    /// `dx = Σ over windows of dy · W`
    private mutating func emitInputGradient(
        _ spec: ConvolutionCase, gradient: Int, weight: Int, _ type: TensorType
    ) -> Layout {
        let dy = rows(laidOut(gradient, .channelsLast).view, spec.rows, spec.y[1])  // (1, N·OH·OW, O)
        let columns = newView(TensorType([1, spec.rows, spec.columns], spec.dtype))
        emitProduct(dy, matrix(weight, spec), columns, flops: spec.flops)
        let result = newActivation(type, .channelsLast)
        let (windows, line) = (spec.windows, spec.x[3] * spec.x[1])
        emitKernel("sum of windows", [columns], result.view) { [lines = spec.x[0] * spec.x[2]] operands, out, _ in
            parallel(lines, grain: 1) { begin, end in
                withUnsafePointer(to: windows) {
                    apus_sum_windows(
                        $0, out.assumingMemoryBound(to: Float.self) + begin * line,
                        operands[0].assumingMemoryBound(to: Float.self), begin, end)
                }
            }
        }
        return result
    }

    /// The windows of an activation as rows: `(1, N·OH·OW, KH·KW·C)`.
    private mutating func emitWindows(_ x: Int, _ spec: ConvolutionCase) -> View {
        let pictures = laidOut(x, .channelsLast).view
        let result = newView(TensorType([1, spec.rows, spec.columns], spec.dtype))
        let (windows, row) = (spec.windows, spec.columns * spec.dtype.byteCount)
        emitKernel("windows", [pictures], result) { [rows = spec.rows] operands, out, _ in
            parallel(rows, grain: 8) { begin, end in
                withUnsafePointer(to: windows) {
                    apus_gather_windows($0, out + begin * row, operands[0], begin, end)
                }
            }
        }
        return result
    }

    /// A weight `(O, C, KH, KW)` as a matrix with the kernel's axes before the channels: `(1, O, KH·KW·C)`.
    private mutating func matrix(_ weight: Int, _ spec: ConvolutionCase) -> View {
        rows(dense(view(weight), order: [0, 2, 3, 1]), spec.weight[0], spec.columns)
    }

    /// A dense storage as a matrix: `(1, rows, columns)`.
    private func rows(_ x: View, _ rows: Int, _ columns: Int) -> View {
        View(dense: x.storage, TensorType([1, rows, columns], x.dtype))
    }
}
