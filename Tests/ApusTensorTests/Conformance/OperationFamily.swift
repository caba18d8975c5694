import ApusTensor

/// The cases of `Operation` without their payloads, so that tests can enumerate them. A new case doesn't compile until it is named here,
/// and then not until it has samples.
enum OperationFamily: String, CaseIterable, Sendable {
    case constant, iota, random
    case unary, binary, compare, select, cast
    case reduce, argReduce, scan
    case reshape, transpose, broadcast, slice, pad, reverse, concatenate
    case gather, scatter, gatherElements, scatterElements, dynamicSlice, dynamicUpdate, sort, argSort
    case matmul, convolution, convolutionInputGradient, convolutionWeightGradient
    case factorization, triangularSolve, fourier
    case pool, poolGradient
    case softmax, logSoftmax, attention, attentionGradient, recurrence, recurrenceGradient, loop
    case variable, stopGradient, barrier, customGradient, invalid

    init(_ operation: Operation) {
        self =
            switch operation {
            // No program has placeholders.
            case .constant, .placeholder: .constant
            case .iota: .iota
            case .random: .random
            case .unary: .unary
            case .binary: .binary
            case .compare: .compare
            case .select: .select
            case .cast: .cast
            case .reduce: .reduce
            case .argReduce: .argReduce
            case .scan: .scan
            case .reshape: .reshape
            case .transpose: .transpose
            case .broadcast: .broadcast
            case .slice: .slice
            case .pad: .pad
            case .reverse: .reverse
            case .concatenate: .concatenate
            case .gather: .gather
            case .scatter: .scatter
            case .gatherElements: .gatherElements
            case .scatterElements: .scatterElements
            case .dynamicSlice: .dynamicSlice
            case .dynamicUpdate: .dynamicUpdate
            case .sort: .sort
            case .argSort: .argSort
            case .matmul: .matmul
            case .convolution: .convolution
            case .convolutionInputGradient: .convolutionInputGradient
            case .convolutionWeightGradient: .convolutionWeightGradient
            case .factorization: .factorization
            case .triangularSolve: .triangularSolve
            case .fourier: .fourier
            case .pool: .pool
            case .poolGradient: .poolGradient
            case .softmax: .softmax
            case .logSoftmax: .logSoftmax
            case .attention: .attention
            case .attentionGradient: .attentionGradient
            case .recurrence: .recurrence
            case .recurrenceGradient: .recurrenceGradient
            case .loop: .loop
            case .variable: .variable
            case .stopGradient: .stopGradient
            case .barrier: .barrier
            case .customGradient: .customGradient
            case .invalid: .invalid
            }
    }
}
