import ApusData
import ApusTensor
import Testing

@Suite struct DatasetTests {
    private let numbers = ArrayDataset(Array(0..<100))

    @Test func mapping() throws {
        let squares = numbers.mapped { $0 * $0 }
        #expect(squares.count == 100)
        #expect(try squares[7] == 49)
        #expect(try Subset(squares, indices: [9, 3])[0] == 81)
        #expect(numbers.prefix(3).count == 3)
    }

    @Test func splitsAreDisjointAndSeeded() throws {
        let parts = numbers.split([0.7, 0.2, 0.1], seed: 5)
        #expect(parts.map(\.count) == [70, 20, 10])
        #expect(parts.flatMap(\.indices).sorted() == Array(0..<100))
        #expect(parts.map(\.indices) == numbers.split([0.7, 0.2, 0.1], seed: 5).map(\.indices))
        #expect(parts[0].indices != numbers.split([0.7, 0.2, 0.1], seed: 6)[0].indices)
        #expect(numbers.split([0.5]).map(\.count) == [50])
    }

    @Test func stratifiedSplitsKeepTheShares() {
        let labels = (0..<100).map { $0 < 80 ? 0 : 1 }
        let parts = numbers.split([0.75, 0.25], stratifiedBy: labels, seed: 1)
        #expect(parts.map { $0.indices.count { $0 < 80 } } == [60, 20])
        #expect(parts.map(\.count) == [75, 25])
        #expect(parts.flatMap(\.indices).sorted() == Array(0..<100))
        // The parts aren't ordered by class.
        #expect(parts[1].indices != parts[1].indices.sorted())
    }

    @Test func tensorDatasetGathersRows() {
        let data = TensorDataset(
            inputs: Tensor((0..<12).map(Float.init), shape: [4, 3]), targets: Tensor([10, 11, 12, 13]))
        let batch = data.batch([3, 0], epoch: 0)
        #expect(batch.inputs.shape == [2, 3])
        #expect(batch.inputs.elements(as: Float.self) == [9, 10, 11, 0, 1, 2])
        #expect(batch.targets.elements(as: Int.self) == [13, 10])
        withReferenceBackend {
            #expect(data[2].inputs.elements(as: Float.self) == [6, 7, 8])
            #expect(data[2].targets.shape == [])
        }
    }

    @Test func imageDatasetScalesAndNormalizes() throws {
        let bytes = (0..<(3 * 2 * 2 * 2)).map { UInt8($0 * 10) }
        let data = try ImageDataset(
            bytes: bytes, channels: 2, height: 2, width: 2, labels: [0, 1, 1], classNames: ["a", "b"])
        let batch = data.batch([2, 1], epoch: 0)
        #expect(batch.images.shape == [2, 2, 2, 2])
        #expect(batch.labels.elements(as: Int.self) == [1, 1])
        let expected = (Array(16..<24) + Array(8..<16)).map { Float($0 * 10) / 255 }
        expectClose(batch.images.elements(as: Float.self), expected, within: 1e-6)

        let normalized = data.normalized(Normalize(mean: [0.5, 0.25], standardDeviation: [0.5, 2])).batch([0], epoch: 0)
        let second = (0..<8).map { i -> Float in
            i < 4 ? (Float(i * 10) / 255 - 0.5) / 0.5 : (Float(i * 10) / 255 - 0.25) / 2
        }
        expectClose(normalized.images.elements(as: Float.self), second, within: 1e-6)
    }

    @Test func statisticsMakeMeanZeroAndVarianceOne() throws {
        let pixels = picture(8, 8, 1).pixels + picture(8, 8, 1).pixels.map { $0 / 3 }
        let data = try ImageDataset(
            bytes: pixels, channels: 1, height: 8, width: 8, labels: [0, 0], classNames: ["a"])
        let values = data.normalized(data.statistics()).batch([0, 1], epoch: 0).images.elements(as: Float.self)
        let mean = values.reduce(0, +) / 128
        let variance = values.reduce(0) { $0 + $1 * $1 } / 128
        #expect(abs(mean) < 1e-5)
        #expect(abs(variance - 1) < 1e-4)
    }

    @Test func samplesOfAnImageDatasetAreInterleaved() throws {
        let bytes: [UInt8] = [1, 2, 3, 4, 5, 6]
        let data = try ImageDataset(
            bytes: bytes, channels: 3, height: 1, width: 2, labels: [0], classNames: ["a"])
        #expect(data[0].image.pixels == [1, 3, 5, 2, 4, 6])
    }

    @Test func badImageDataIsRefused() {
        func make(_ bytes: [UInt8], _ labels: [Int]) throws -> ImageDataset {
            try ImageDataset(
                bytes: bytes, channels: 1, height: 2, width: 2, labels: labels, classNames: ["a", "b"], source: "here")
        }
        expectDataError(.empty, mentioning: "here") { try make([], []) }
        expectDataError(.mismatch, mentioning: "1 pictures", "2 labels") { try make([1, 2, 3, 4], [0, 1]) }
        expectDataError(.mismatch, mentioning: "label 2", "2 classes") { try make([1, 2, 3, 4], [2]) }
        expectDataError(.mismatch, mentioning: "label -1") { try make([1, 2, 3, 4], [-1]) }
    }

    @Test func augmentationDependsOnEpochAndPictureAlone() throws {
        let bytes = (0..<4).flatMap { _ in picture(8, 8, 1).pixels }
        let data = try ImageDataset(
            bytes: bytes, channels: 1, height: 8, width: 8, labels: [0, 0, 0, 0], classNames: ["a"])
        let augmented = data.transformed(by: RandomCrop(8, padding: 4), seed: 3)
        func pixels(_ indices: [Int], _ epoch: Int) throws -> [Float] {
            try augmented.batch(indices, epoch: epoch).images.elements(as: Float.self)
        }
        let both = try pixels([1, 2], 4)
        #expect(try pixels([2], 4) == Array(both[64...]))
        #expect(try pixels([1], 4) != pixels([2], 4))
        #expect(try pixels([1], 4) != pixels([1], 5))
    }

    @Test func picturesOfDifferentSizesDontCollate() throws {
        struct Ragged: LabelledImages {
            let count = 2
            let labels = [0, 0]
            let classNames = ["a"]
            subscript(index: Int) -> LabelledImage { LabelledImage(image: picture(4, 4 + index, 3), label: 0) }
        }
        let data = Ragged().transformed(by: Compose())
        expectDataError(.mismatch, mentioning: "Resize") { try data.batch([0, 1], epoch: 0) }
        let resized = Ragged().transformed(by: Resize(height: 3, width: 3))
        #expect(try resized.batch([0, 1], epoch: 0).images.shape == [2, 3, 3, 3])
    }
}

@Suite struct SamplerTests {
    @Test func shufflingIsAPermutationPerEpoch() {
        let sampler = ShuffledSampler(count: 50, seed: 9)
        #expect(sampler.indices(epoch: 0).sorted() == Array(0..<50))
        #expect(sampler.indices(epoch: 0) == sampler.indices(epoch: 0))
        #expect(sampler.indices(epoch: 0) != sampler.indices(epoch: 1))
        #expect(sampler.indices(epoch: 0) != ShuffledSampler(count: 50, seed: 10).indices(epoch: 0))
        #expect(SequentialSampler(count: 3).indices(epoch: 7) == [0, 1, 2])
    }

    /// The order is part of what a checkpoint promises: it must not change from release to release.
    @Test func theOrderIsFixedForGood() {
        #expect(ShuffledSampler(count: 8, seed: 1).indices(epoch: 0) == [4, 2, 1, 0, 5, 7, 3, 6])
    }

    @Test func firstPlacesAreUniform() {
        let firsts = (0..<6000).map { ShuffledSampler(count: 6, seed: 3).indices(epoch: $0)[0] }
        for value in 0..<6 { #expect((850...1150).contains(firsts.count { $0 == value })) }
    }

    @Test func weightsAreShares() {
        let drawn = WeightedSampler(weights: [1, 0, 3], count: 8000, seed: 2).indices(epoch: 0)
        #expect(drawn.count { $0 == 1 } == 0)
        #expect((1800...2200).contains(drawn.count { $0 == 0 }))
        let labels = [Int](repeating: 0, count: 90) + [Int](repeating: 1, count: 10)
        let balanced = WeightedSampler(balancing: labels, count: 4000).indices(epoch: 0)
        #expect((1800...2200).contains(balanced.count { $0 >= 90 }))
    }

    @Test func stratifiedRunsHoldTheWhole() {
        let labels = (0..<200).map { $0 % 10 == 0 ? 1 : 0 }
        let order = StratifiedSampler(labels: labels, seed: 4).indices(epoch: 2)
        #expect(order.sorted() == Array(0..<200))
        for start in stride(from: 0, to: 200, by: 20) {
            let rare = order[start..<(start + 20)].count { labels[$0] == 1 }
            #expect((1...3).contains(rare))
        }
    }
}
