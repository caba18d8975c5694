import Apus
import ApusGallery
import Foundation
import Testing

@Suite struct ImageClassificationTests {
    private let format = PictureFormat(channels: 1, height: 28, width: 28)

    @Test(arguments: [("mlp", 235_146), ("lenet", 61_706), ("resnet", 78_010)])
    func presetsHaveTheirPublishedSizes(_ preset: String, _ count: Int) throws {
        #expect(try ImageClassification().summary(preset: preset).parameterCount == count)
    }

    @Test(arguments: ImageClassification.Preset.allCases, [(1, 28, 28, 10), (3, 32, 32, 100), (3, 17, 24, 2)])
    func modelsAdaptToPictures(_ preset: ImageClassification.Preset, _ size: (Int, Int, Int, Int)) {
        let format = PictureFormat(channels: size.0, height: size.1, width: size.2)
        let model = preset.makeModel(format, classCount: size.3)
        #expect(model(.zeros(format.batchShape(2))).shape == [2, size.3])
    }

    @Test(arguments: ImageClassification.Preset.allCases)
    func gradientsReachEveryParameter(_ preset: ImageClassification.Preset) {
        let model = withSeed(1) { preset.makeModel(format, classCount: 10) }
        let images = Tensor.normal(format.batchShape(8), generator: Generator(seed: 2))
        let labels = Tensor((0..<8).map { $0 })
        func gradients(_ model: some Layer) -> Gradients {
            valueAndGradients(model) { crossEntropy($0(images), labels) }.gradients
        }
        for element in gradients(model) {
            #expect(element.gradient.norm().item() > 0, "\(element.name)")
        }
        #expect(gradients(model).count == model.namedParameters.count)
    }

    @Test(arguments: ImageClassification.Preset.allCases)
    func theLossFalls(_ preset: ImageClassification.Preset) {
        let model = withSeed(1) { preset.makeModel(format, classCount: 10) }
        let images = Tensor.normal(format.batchShape(16), generator: Generator(seed: 2))
        let labels = Tensor((0..<16).map { $0 % 10 })
        let optimizer = preset.makeOptimizer(model, learningRate: preset == .resnet ? 0.03 : 5e-3)
        func step(_ model: some Layer) -> Double {
            let (loss, gradients) = valueAndGradients(model) { crossEntropy($0(images), labels) }
            optimizer.step(gradients)
            return loss.item()
        }
        // Sigmoids keep LeNet on a plateau at first.
        let losses = (0..<150).map { _ in step(model) }
        #expect(losses[149] < losses[0] / 2, "\(losses[0]) → \(losses[149])")
    }

    @Test func theBaselineIsSavedWhole() throws {
        let place = try Workplace()
        try TinyPictures.writeIDX(to: place.url("data"))
        let pictures = try LabelledPictures(at: place.url("data"))
        let ready = pictures.normalized(pictures.train.base.statistics())
        let baseline = try LinearBaseline(trainedOn: ready.train, seed: 0)
        try baseline.save(to: place.url("baseline.safetensors"))
        let loaded = try LinearBaseline(
            contentsOf: place.url("baseline.safetensors"), format: ready.format, classCount: 10)
        let (a, b) = (
            try ClassifierEvaluation(of: baseline.model, on: ready.test),
            try ClassifierEvaluation(of: loaded.model, on: ready.test)
        )
        #expect(a.metrics == b.metrics)
        #expect(a.confusion.accuracy > 0.5)
    }
}

@Suite struct LabelledPicturesTests {
    @Test func binaryCIFARIsRecognized() throws {
        let place = try Workplace()
        let folder = place.url("cifar-10-batches-bin")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let records = Data((0..<20).flatMap { [UInt8($0 % 10)] + [UInt8](repeating: 40, count: 3072) })
        for name in (1...5).map({ "data_batch_\($0).bin" }) + ["test_batch.bin"] {
            try records.write(to: folder.appendingPathComponent(name))
        }
        let pictures = try LabelledPictures(at: place.folder)
        #expect(pictures.format == PictureFormat(channels: 3, height: 32, width: 32))
        #expect((pictures.train.count, pictures.test.count) == (100, 20))
        #expect(pictures.classNames[3] == "cat")
    }

    @Test func aFifthOfEachClassIsHeldOut() throws {
        let place = try Workplace()
        try TinyPictures.writeFolders(to: place.url("data"), classes: 3, perClass: 10)
        let (pictures, again) = (
            try LabelledPictures(at: place.url("data")), try LabelledPictures(at: place.url("data"))
        )
        #expect(pictures.test.labels.sorted() == [0, 0, 1, 1, 2, 2])
        #expect(pictures.train.count == 24)
        #expect(Set(pictures.train.indices).isDisjoint(with: pictures.test.indices))
        #expect(pictures.test.indices == again.test.indices)
        #expect(pictures.format == PictureFormat(channels: 1, height: 16, width: 16))
    }

    @Test func trainAndTestFoldersAreKeptApart() throws {
        let place = try Workplace()
        try TinyPictures.writeFolders(to: place.url("data/train"), perClass: 4)
        try TinyPictures.writeFolders(to: place.url("data/val"), perClass: 2)
        let pictures = try LabelledPictures(at: place.url("data"))
        #expect((pictures.train.count, pictures.test.count) == (12, 6))
        #expect(pictures.classNames == ["class-0", "class-1", "class-2"])
    }
}

@Suite struct AugmentationTests {
    private let x = Tensor((0..<(3 * 2 * 4 * 5)).map(Float.init), shape: [3, 2, 4, 5])

    @Test func nothingAskedNothingDone() {
        let y = Augmentation(shift: 0, mirrors: false)(x)
        #expect(y.elements(as: Float.self) == x.elements(as: Float.self))
    }

    @Test func picturesAreWholeOrMirrored() {
        let y = Augmentation(shift: 0, mirrors: true)(x, generator: Generator(seed: 4))
        let (given, mirrored): ([Float], [Float]) = (x.elements(), x.reversed(axes: 3).elements())
        let seen: [Float] = y.elements()
        for picture in 0..<3 {
            let range = (picture * 40)..<((picture + 1) * 40)
            #expect(seen[range] == given[range] || seen[range] == mirrored[range])
        }
    }

    @Test func shiftsMoveByNoMoreThanAskedAndAlikeInAllChannels() {
        let y: [Float] = Augmentation(shift: 1, mirrors: false)(x, generator: Generator(seed: 5)).elements()
        let first = y[0] - 0
        #expect([0, 1, 5, 6].contains(first) || first == 0)
        for picture in 0..<3 {
            let start = picture * 40
            for place in 0..<20 { #expect(y[start + 20 + place] - y[start + place] == 20) }
        }
        let center = y[1 * 5 + 2] - Float(1 * 5 + 2)
        #expect([-6, -5, -4, -1, 0, 1, 4, 5, 6].contains(center))
    }
}

@Suite struct PicturePreparationTests {
    private func preparation(trims: Bool = true) -> PicturePreparation {
        PicturePreparation(
            format: PictureFormat(channels: 1, height: 8, width: 8),
            normalization: Normalize(mean: [0.5], standardDeviation: [0.5]),
            ground: .black, trimsMargins: trims)
    }

    /// A dark square on white paper.
    private func drawing(size: Int, channels: Int) -> Image {
        var image = Image(width: size, height: size, filledWith: .init(repeating: 255, count: channels))
        for y in (size / 4)..<(3 * size / 4) {
            for x in (size / 4)..<(3 * size / 4) { for c in 0..<min(3, channels) { image[y, x, c] = 0 } }
        }
        return image
    }

    @Test(arguments: [1, 3, 4])
    func darkOnWhiteBecomesLightOnBlack(_ channels: Int) {
        let seen = preparation(trims: false)(drawing(size: 32, channels: channels))
        #expect((seen.channels, seen.height, seen.width) == (1, 8, 8))
        #expect(seen[0, 0, 0] < 0.05)
        #expect(seen[0, 4, 4] > 0.95)
    }

    @Test func marginsAreTrimmed() {
        let seen = preparation()(drawing(size: 32, channels: 3))
        #expect(seen[0, 0, 0] > 0.9, "the square fills the picture")
    }

    @Test func picturesOfTheModelsSizeStay() {
        let image = Image(width: 8, height: 8, channels: 1, pixels: (0..<64).map { $0 == 27 ? 200 : 0 })
        #expect(preparation()(image) == FloatImage(image))
    }

    @Test func proportionsStay() {
        var image = Image(width: 40, height: 10, filledWith: [0])
        for x in 0..<40 { image[5, x, 0] = 255 }
        let seen = preparation(trims: false)(image)
        #expect(seen[0, 0, 3] == 0 && seen[0, 7, 3] == 0)
    }

    @Test func transparencyIsPaper() {
        let image = Image(width: 1, height: 1, channels: 4, pixels: [10, 20, 30, 0])
        #expect(image.overWhite().pixels == [255, 255, 255])
    }

    @Test func anEvenPictureIsNotTrimmedAway() {
        let seen = preparation()(Image(width: 20, height: 30, filledWith: [255]))
        #expect(seen.values.allSatisfy { $0.isFinite })
    }
}

@Suite struct NearestNameTests {
    @Test(arguments: [("trian", "train"), ("evalute", "evaluate"), ("sum", "summary"), ("predictt", "predict")])
    func misspeltNamesAreFound(_ word: String, _ name: String) {
        #expect(nearest(to: word, among: ["systems", "train", "evaluate", "predict", "summary"]) == name)
    }

    @Test func nothingAlikeIsNothing() {
        #expect(nearest(to: "zzzzzz", among: ["train", "predict"]) == nil)
        #expect(nearest(to: "x", among: []) == nil)
    }

    @Test func distances() {
        #expect(editDistance("", "abc") == 3)
        #expect(editDistance("abc", "abc") == 0)
        #expect(editDistance("ab", "ba") == 1)
        #expect(editDistance("kitten", "sitting") == 3)
    }
}
