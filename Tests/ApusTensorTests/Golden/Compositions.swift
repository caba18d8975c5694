import ApusTensor
import ApusTestSupport

/// What the names in the golden file mean: they are those of the Swift functions.
let compositions: [String: GoldenOperation] = [
    rearrangements, diagonals, windows, elementwise, special, order, sets, scatters, products, norms, statistics,
    images, linearAlgebra, fourier,
].reduce(into: [:]) { all, family in all.merge(family) { _, _ in preconditionFailure("an operation is there twice") } }

func of1(_ function: @escaping @Sendable (Tensor) -> Tensor) -> GoldenOperation { { [function($1[0])] } }

func of2(_ function: @escaping @Sendable (Tensor, Tensor) -> Tensor) -> GoldenOperation {
    { [function($1[0], $1[1])] }
}

extension GoldenValue {
    var pair: (Int, Int) { (ints[0], ints[1]) }
    fileprivate var pairs: [(Int, Int)] { list.map(\.pair) }
    func choice<Choice: RawRepresentable<String>>() -> Choice { Choice(rawValue: string)! }
}

private let rearrangements: [String: GoldenOperation] = [
    "rolled": { [$1[0].rolled(by: $0["by"].int, axis: $0["axis"].int)] },
    "rolled flat": { [$1[0].rolled(by: $0["by"].int)] },
    "rolled axes": { [$1[0].rolled(by: $0["by"].ints, axes: $0["axes"].ints)] },
    "rotated": { [$1[0].rotated(quarterTurns: $0["turns"].int, axes: $0["axes"].pair)] },
    "repeatInterleaved": { [$1[0].repeatInterleaved($0["count"].int, axis: $0["axis"].int)] },
    "repeatInterleaved counts": { [$1[0].repeatInterleaved($0["counts"].ints, axis: $0["axis"].int)] },
    "unstacked": { $1[0].unstacked(axis: $0["axis"].int) },
    "split size": { $1[0].split(size: $0["size"].int, axis: $0["axis"].int) },
    "split count": { $1[0].split(count: $0["count"].int, axis: $0["axis"].int) },
    "movingAxes": { [$1[0].movingAxes($0["sources"].ints, to: $0["targets"].ints)] },
    "unflattened": { [$1[0].unflattened(axis: $0["axis"].int, into: Shape($0["extents"].ints))] },
    "broadcast": { broadcast($1) },
    "meshgrid": { meshgrid($1, indexing: $0["indexing"].string == "xy" ? .xy : .ij) },
    "cartesianProduct": { [cartesianProduct($1)] },
    "combinations": { [combinations($1[0], $0["count"].int, withReplacement: $0["withReplacement"].bool)] },
    "range": { golden, _ in [.range(golden["start"].double, golden["end"].double, step: golden["step"].double)] },
    "logspace": { golden, _ in
        [
            .logspace(
                golden["start"].double, golden["end"].double, count: golden["count"].int, base: golden["base"].double)
        ]
    },
    "full": { [.full(like: $1[0], $0["value"].int)] },
    "channelShuffle": { [channelShuffle($1[0], groups: $0["groups"].int)] },
    "pixelShuffle": { [pixelShuffle($1[0], $0["factor"].int)] },
    "pixelUnshuffle": { [pixelUnshuffle($1[0], $0["factor"].int)] },
    "padded": { [$1[0].padded($0["widths"].pairs, value: $0["value"].double)] },
    "padded mode": { [$1[0].padded($0["widths"].pairs, mode: $0["mode"].choice())] },
]

private let diagonals: [String: GoldenOperation] = [
    "diagonal": { [$1[0].diagonal(offset: $0["offset"].int, axes: $0["axes"].pair)] },
    "trace": { [$1[0].trace(offset: $0["offset"].int, axes: $0["axes"].pair)] },
    "diagonalEmbedded": { [$1[0].diagonalEmbedded(offset: $0["offset"].int, axes: $0["axes"].pair)] },
    "lowerTriangle": { [$1[0].lowerTriangle(offset: $0["offset"].int)] },
    "upperTriangle": { [$1[0].upperTriangle(offset: $0["offset"].int)] },
    "lowerTriangleIndices": { golden, _ in
        [.lowerTriangleIndices(golden["rows"].int, golden["columns"].int, offset: golden["offset"].int)]
    },
    "upperTriangleIndices": { golden, _ in
        [.upperTriangleIndices(golden["rows"].int, golden["columns"].int, offset: golden["offset"].int)]
    },
]

private let windows: [String: GoldenOperation] = [
    "unfold": { golden, inputs in
        [
            unfold(
                inputs[0], golden["kernel"].ints, stride: golden["stride"].ints, padding: golden["padding"].ints,
                dilation: golden["dilation"].ints)
        ]
    },
    "fold": { golden, inputs in
        [
            fold(
                inputs[0], outputSize: golden["size"].ints, golden["kernel"].ints, stride: golden["stride"].ints,
                padding: golden["padding"].ints, dilation: golden["dilation"].ints)
        ]
    },
    "windows": { [$1[0].windows(axis: $0["axis"].int, size: $0["size"].int, step: $0["step"].int)] },
]

private let elementwise: [String: GoldenOperation] = [
    "hypot": of2(hypot), "copySign": of2(copySign), "logAddExp": of2(logAddExp), "logAddExp2": of2(logAddExp2),
    "maximumIgnoringNaN": of2(maximumIgnoringNaN), "minimumIgnoringNaN": of2(minimumIgnoringNaN),
    "truncatedRemainder": of2(truncatedRemainder), "truncatedDivide": of2(truncatedDivide), "signBit": of1(signBit),
    "exp2": of1(exp2), "ldexp": of2(ldexp), "lerp": { [lerp($1[0], $1[1], weight: $1[2])] },
    "lerp number": { [lerp($1[0], $1[1], weight: $0["weight"].double)] }, "heaviside": of2(heaviside),
    "greatestCommonDivisor": of2(greatestCommonDivisor), "leastCommonMultiple": of2(leastCommonMultiple),
    "degreesToRadians": of1(degreesToRadians), "radiansToDegrees": of1(radiansToDegrees), "fraction": of1(fraction),
    "replacingNaN": of1 { replacingNaN($0) },
    "replacingNaN numbers": { golden, inputs in
        [
            replacingNaN(
                inputs[0], with: golden["nan"].double, positiveInfinity: golden["positive"].double,
                negativeInfinity: golden["negative"].double)
        ]
    },
    "isClose": { [isClose($1[0], $1[1], equalNaN: $0["equalNaN"].bool)] },
    "allClose": { [allClose($1[0], $1[1], equalNaN: $0["equalNaN"].bool)] }, "isEqual": of2(isEqual),
    "clamped": { [$1[0].clamped($1[1], $1[2])] },
]

private let special: [String: GoldenOperation] = [
    "logGamma": of1(logGamma), "digamma": of1(digamma), "erfc": of1(erfc), "scaledErfc": of1(scaledErfc),
    "normalCDF": of1(normalCDF), "logNormalCDF": of1(logNormalCDF), "normalQuantile": of1(normalQuantile),
    "sinc": of1(sinc), "entropyTerm": of1(entropyTerm), "xlogy": of2(xlogy), "xlog1py": of2(xlog1py),
    "lowerGamma": of2(lowerGamma), "upperGamma": of2(upperGamma), "logBeta": of2(logBeta), "zeta": of2(zeta),
    "regularizedBeta": { [regularizedBeta($1[0], $1[1], $1[2])] },
    "logMultivariateGamma": { [logMultivariateGamma($1[0], $0["n"].int)] }, "besselI0": of1(besselI0),
    "besselI1": of1(besselI1), "scaledBesselI0": of1(scaledBesselI0), "scaledBesselI1": of1(scaledBesselI1),
    "besselK0": of1(besselK0), "besselK1": of1(besselK1), "scaledBesselK0": of1(scaledBesselK0),
    "scaledBesselK1": of1(scaledBesselK1), "nextAfter": of2(nextAfter),
    "frexp": { { [$0.mantissa, $0.exponent] }(frexp($1[0])) },
    "polygamma": { [polygamma($0["n"].int, $1[0])] },
    "logit": { [logit($1[0], epsilon: $0["epsilon"].optionalDouble)] },
]

private let order: [String: GoldenOperation] = [
    "searchSorted": { [searchSorted($1[0], $1[1], side: $0["side"].choice())] },
    "bucketize": { [bucketize($1[0], boundaries: $1[1], right: $0["right"].bool)] }, "isIn": of2(isIn),
    "kthValue": { golden, inputs in
        let found = inputs[0].kthValue(
            golden["k"].int, axis: golden["axis"].int, keepingAxes: golden["keepingAxes"].bool)
        return [found.values, found.indices]
    },
    "median": { golden, inputs in
        let found = inputs[0].median(axis: golden["axis"].int, keepingAxes: golden["keepingAxes"].bool)
        return [found.values, found.indices]
    },
    "mode": { golden, inputs in
        let found = inputs[0].mode(axis: golden["axis"].int, keepingAxes: golden["keepingAxes"].bool)
        if case .bool(true) = golden["valuesOnly"] { return [found.values] }
        return [found.values, found.indices]
    },
    "quantile": { golden, inputs in
        [
            inputs[0].quantile(
                golden["q"].double, axis: golden["axis"].int, interpolation: golden["interpolation"].choice(),
                keepingAxes: golden["keepingAxes"].bool)
        ]
    },
    "quantile several": { [$1[0].quantile($0["fractions"].list.map(\.double), axis: $0["axis"].int)] },
    "cumulativeSum": { golden, inputs in
        let axis = golden["axis"].int
        return [inputs[0].cumulativeSum(axis: axis, reverse: golden["reverse"].bool, includesInitial: true)]
    },
    "cumulativeProduct": { golden, inputs in
        let axis = golden["axis"].int
        return [inputs[0].cumulativeProduct(axis: axis, reverse: golden["reverse"].bool, includesInitial: true)]
    },
    "cumulativeLogSumExp": { [$1[0].cumulativeLogSumExp(axis: $0["axis"].int)] },
    "cumulativeArgMax": { [$1[0].cumulativeArgMax(axis: $0["axis"].int)] },
    "cumulativeArgMin": { [$1[0].cumulativeArgMin(axis: $0["axis"].int)] },
]

private let sets: [String: GoldenOperation] = [
    "nonzero": of1 { $0.nonzero() }, "selected": of2 { $0.selected(where: $1) },
    "compressed": { [$1[0].compressed($1[1], axis: $0["axis"].int)] },
    "unique": { $1[0].unique().parts }, "unique axis": { $1[0].unique(axis: $0["axis"].int).parts },
    "countNonzero": { [$1[0].countNonzero(axes: $0["axes"].ints)] },
    "binCounts": { [$1[0].binCounts(weights: $1.count > 1 ? $1[1] : nil, count: $0["count"].optionalInt)] },
    "histogram": { golden, inputs in
        let range = golden["low"].optionalDouble.map { $0...golden["high"].double }
        let (counts, edges) = inputs[0].histogram(bins: golden["bins"].int, range: range)
        return [counts, edges]
    },
    "histogram rows": { [$1[0].histogram(ofRowsBetween: Array($1.dropFirst()))] },
    "histogram edges": { [$1[0].histogram(edges: $1[1], weights: $1.count > 2 ? $1[2] : nil)] },
]

extension UniqueElements {
    fileprivate var parts: [Tensor] { [values, firstIndices, inverse, counts] }
}

private let scatters: [String: GoldenOperation] = [
    "scattered": { golden, inputs in
        [
            inputs[0].scattered(
                elements: inputs[1], inputs[2], axis: golden["axis"].int, reduction: golden["reduction"].choice(),
                includesSelf: golden["includesSelf"].bool)
        ]
    },
    "scattered elements": { [$1[0].scattered(elements: $1[1], $1[2], axis: $0["axis"].int, mode: .replace)] },
    "replacing": { [$1[0].replacing($1[1], axis: $0["axis"].int, with: $1[2])] },
    "filling": { [$1[0].filling($1[1], axis: $0["axis"].int, with: $0["value"].double)] },
    "taken": of2 { $0.taken($1) },
    "putting": { [$1[0].putting($1[1], $1[2], mode: $0["mode"].string == "add" ? .add : .replace)] },
    "scattered where": { [$1[0].scattered(where: $1[1], $1[2])] },
    "gathered": { [$1[0].gathered(elements: $1[1], axis: $0["axis"].int)] },
]

private let products: [String: GoldenOperation] = [
    "vecdot": { [vecdot($1[0], $1[1], axis: $0["axis"].int)] }, "outer": of2(outer), "inner": of2(inner),
    "tensordot": { [tensordot($1[0], $1[1], axes: $0["count"].int)] },
    "tensordot axes": { golden, inputs in
        let axes = golden["axes"].list.map(\.ints)
        return [tensordot(inputs[0], inputs[1], axes: (axes[0], axes[1]))]
    },
    "cross": { [cross($1[0], $1[1], axis: $0["axis"].int)] }, "kron": of2(kron),
    "blockDiagonal": { [blockDiagonal($1)] },
    "vandermonde": { [vandermonde($1[0], count: $0["count"].optionalInt, increasing: $0["increasing"].bool)] },
    "matmul whole": of2(matmul), "matmul chain": { [matmul($1)] }, "matrixPower": { [$1[0].matrixPower($0["n"].int)] },
    "einsum": { [einsum($0["formula"].string, $1)] },
]

private let norms: [String: GoldenOperation] = [
    "norm": { [$1[0].norm(order: $0["p"].double, axes: $0["axes"].ints)] },
    "norm infinity": { [$1[0].norm(order: .infinity, axes: $0["axes"].ints)] },
    "norm minus infinity": { [$1[0].norm(order: -.infinity, axes: $0["axes"].ints)] },
    "matrixNorm": { golden, inputs in
        [
            inputs[0].matrixNorm(
                golden["kind"].choice(), axes: golden["axes"].pair, keepingAxes: golden["keepingAxes"].bool)
        ]
    },
    "normalized": { [$1[0].normalized(order: $0["p"].double, axis: $0["axis"].int)] },
    "pairwiseDistance": { [pairwiseDistance($1[0], $1[1], order: $0["p"].double)] },
    "cdist": { [cdist($1[0], $1[1], order: $0["p"].double)] },
    "cosineSimilarity": { [cosineSimilarity($1[0], $1[1], axis: $0["axis"].int)] },
]

private let statistics: [String: GoldenOperation] = [
    "differences": { [$1[0].differences(order: $0["order"].int, axis: $0["axis"].int)] },
    "slopes": { [$1[0].slopes(spacing: $0["spacing"].double, axis: $0["axis"].int)] },
    "trapezoid": { [$1[0].trapezoid(spacing: $0["spacing"].double, axis: $0["axis"].int)] },
    "trapezoid at": { [$1[0].trapezoid(at: $1[1], axis: $0["axis"].int)] },
    "cumulativeTrapezoid": { [$1[0].cumulativeTrapezoid(spacing: $0["spacing"].double, axis: $0["axis"].int)] },
    "covariance": { [$1[0].covariance(correction: $0["correction"].int)] },
    "correlation": of1 { $0.correlation() },
    "sumIgnoringNaN": { [$1[0].sumIgnoringNaN(axes: $0["axes"].ints)] },
    "meanIgnoringNaN": { [$1[0].meanIgnoringNaN(axes: $0["axes"].ints)] },
]

private let images: [String: GoldenOperation] = [
    "interpolate": { golden, inputs in
        [
            interpolate(
                inputs[0], size: golden["size"].ints, mode: golden["mode"].choice(),
                alignCorners: golden["alignCorners"].bool, antialias: golden["antialias"].bool)
        ]
    },
    "interpolate scale": { golden, inputs in
        [interpolate(inputs[0], scale: golden["scale"].list.map(\.double), mode: golden["mode"].choice())]
    },
    "gridSample": { golden, inputs in
        [
            gridSample(
                inputs[0], inputs[1], mode: golden["mode"].choice(), padding: golden["padding"].choice(),
                alignCorners: golden["alignCorners"].bool)
        ]
    },
    "affineGrid": { [affineGrid($1[0], size: $0["size"].ints, alignCorners: $0["alignCorners"].bool)] },
    "boxArea": of1(boxArea), "boxIoU": of2(boxIoU),
    "nonMaximumSuppression": { golden, inputs in
        [
            nonMaximumSuppression(
                inputs[0], scores: inputs[1], threshold: golden["threshold"].double,
                classes: inputs.count > 2 ? inputs[2] : nil)
        ]
    },
    "roiAlign": { golden, inputs in
        [
            roiAlign(
                inputs[0], inputs[1], images: inputs[2], outputSize: golden["size"].ints,
                spatialScale: golden["scale"].double, samples: golden["samples"].optionalInt,
                aligned: golden["aligned"].bool)
        ]
    },
]
