import Synchronization

/// A stream of random keys that a seed determines.
///
/// Every draw takes the next key, and a tensor's random elements depend on its key and their index alone, so results are the same on every
/// machine and with any number of threads. Layers draw from `Generator.current`; `withGenerator` sets it, and so makes a model's
/// initial weights or a step's dropout reproducible.
public final class Generator: RandomNumberGenerator, Sendable {
    /// What the stream follows from, the stream's number mixed in.
    public let seed: UInt64
    private let draws: Atomic<UInt64>

    /// - Parameter stream: numbers independent streams of one seed: epochs, steps, workers.
    public init(seed: UInt64, stream: UInt64 = 0) {
        self.seed = Self.mix(seed ^ Self.mix(stream &+ 0x9E37_79B9_7F4A_7C15))
        draws = Atomic(0)
    }

    /// The generator in force where none is named: that of `withGenerator`, else one seeded with 0 when the process started.
    @TaskLocal public static var current = Generator(seed: 0)

    /// The next 64 random bits.
    public func next() -> UInt64 {
        let draw = draws.add(1, ordering: .relaxed).newValue
        return Self.mix(seed &+ draw &* 0x9E37_79B9_7F4A_7C15)
    }

    /// The next key for a tensor of random numbers. A compiled function draws another at each call, a loop has another in each step.
    func nextKey() -> Tensor {
        func draw(_ generator: Generator) -> Tensor { Tensor(Int(truncatingIfNeeded: generator.next())) }
        let key = draw(self)
        let isCurrent = self === Generator.current
        Replay.current?.note(key, drawnBy: { draw(isCurrent ? .current : self) })
        return LoopPositions.mixed(into: key)
    }

    /// SplitMix64's finalizer (Steele, Lea and Flood 2014).
    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Runs `body` with `generator` as the current one.
public func withGenerator<Result>(_ generator: Generator, _ body: () throws -> Result) rethrows -> Result {
    try Generator.$current.withValue(generator, operation: body)
}

/// Runs `body` with a fresh current generator of this seed.
public func withSeed<Result>(_ seed: UInt64, _ body: () throws -> Result) rethrows -> Result {
    try withGenerator(Generator(seed: seed), body)
}

extension Tensor {
    private static func random(_ distribution: Distribution, _ shape: Shape, _ dtype: DType, _ generator: Generator)
        -> Tensor
    {
        let native: DType = dtype == .float64 ? .float64 : .float32
        return Tensor(.random(distribution, shape, native), generator.nextKey()).cast(to: dtype)
    }

    /// Uniform numbers in [low, high).
    public static func uniform(
        _ shape: Shape, low: Double = 0, high: Double = 1, dtype: DType = .float32, generator: Generator = .current
    ) -> Tensor {
        let unit = random(.uniform, shape, dtype, generator)
        return low == 0 && high == 1 ? unit : unit * (high - low) + low
    }

    /// Normal numbers.
    public static func normal(
        _ shape: Shape, mean: Double = 0, standardDeviation: Double = 1, dtype: DType = .float32,
        generator: Generator = .current
    ) -> Tensor {
        let standard = random(.normal, shape, dtype, generator)
        return mean == 0 && standardDeviation == 1 ? standard : standard * standardDeviation + mean
    }

    /// Integers in `range`, each equally likely.
    public static func randomIntegers(
        _ shape: Shape, in range: Range<Int>, dtype: DType = .int64, generator: Generator = .current
    ) -> Tensor {
        precondition(!range.isEmpty, "randomIntegers: the range \(range) is empty")
        let unit = random(.uniform, shape, .float64, generator)
        return (floor(unit * Double(range.count)).cast(to: .int64) + range.lowerBound).cast(to: dtype)
    }

    /// True with probability `p`.
    public static func bernoulli(_ shape: Shape, probability p: Double, generator: Generator = .current) -> Tensor {
        random(.uniform, shape, .float32, generator) .< p
    }

    /// The numbers 0 ..< count in random order.
    public static func randomPermutation(_ count: Int, generator: Generator = .current) -> Tensor {
        random(.uniform, [count], .float64, generator).argSort()
    }
}
