import ApusData
import ApusTensor
import Testing

@Suite struct TransformGoldenTests {
    private let image = FloatImage(picture(6, 7, 3))

    private func expect(_ result: FloatImage, _ name: String, within tolerance: Float = 2e-6) throws {
        let golden = try Golden.values(name)
        let shape = [result.channels, result.height, result.width]
        #expect(shape.suffix(golden.shape.count) == golden.shape[...])
        expectClose(result.values, golden.values, within: tolerance)
    }

    static let sizes = [(5, 4), (22, 30), (11, 7), (3, 13), (1, 1), (16, 5)]

    @Test(arguments: Interpolation.allCases, sizes) func resizeIsPillows(method: Interpolation, size: (Int, Int)) throws
    {
        let plane = FloatImage(picture(11, 13, 1))
        let result = plane.resized(height: size.0, width: size.1, method)
        try expect(result, "resize.\(method).\(size.0)x\(size.1)")
    }

    @Test(arguments: ["0.4", "1.7"]) func colorIsTorchvisions(factor: String) throws {
        let value = try #require(Float(factor))
        try expect(image.adjustingBrightness(by: value), "brightness.\(factor)")
        try expect(image.adjustingContrast(by: value), "contrast.\(factor)")
        try expect(image.adjustingSaturation(by: value), "saturation.\(factor)")
    }

    @Test(arguments: ["-0.4", "0.1", "0.5"]) func hueIsTorchvisions(shift: String) throws {
        try expect(image.adjustingHue(by: try #require(Float(shift))), "hue.\(shift)", within: 1e-5)
    }

    @Test func normalizeIsTorchvisions() throws {
        let normalized = Normalize.imageNet(image)
        try expect(normalized, "normalize", within: 1e-5)
        expectClose(Normalize.imageNet.inverse(normalized).values, image.values, within: 1e-6)
    }

    @Test(arguments: [30, -75]) func rotationIsTorchvisions(degrees: Int) throws {
        try expect(image.rotated(degrees: Double(degrees)), "rotate.\(degrees)", within: 2e-5)
    }

    @Test func cropsAndPaddingAreTorchvisions() throws {
        try expect(image.centerCropped(height: 4, width: 4), "center_crop.4x4")
        try expect(image.centerCropped(height: 9, width: 4), "center_crop.9x4")
        try expect(image.padded(2, .reflect), "pad.reflect")
        try expect(image.padded(2, .edge), "pad.edge")
    }
}

@Suite struct TransformTests {
    private let image = FloatImage(picture(12, 17, 3))

    @Test func resizeKeepsConstantsAndProportions() {
        let even = FloatImage(height: 9, width: 5, filledWith: [0.3, 0.7])
        for method in Interpolation.allCases {
            let result = even.resized(height: 4, width: 20, method)
            expectClose(
                result.values, [Float](repeating: 0.3, count: 80) + [Float](repeating: 0.7, count: 80), within: 1e-6)
        }
        let shorter = image.resized(shorterSide: 24)
        #expect((shorter.height, shorter.width) == (24, 34))
    }

    @Test func flipsUndoThemselves() {
        #expect(image.flippedHorizontally() != image)
        #expect(image.flippedHorizontally().flippedHorizontally() == image)
        #expect(image.flippedVertically()[1, 0, 3] == image[1, 11, 3])
    }

    @Test func rotationByQuarters() {
        let square = FloatImage(picture(7, 7, 1))
        let turned = square.rotated(degrees: 90)
        for y in 0..<7 {
            for x in 0..<7 { #expect(abs(turned[0, y, x] - square[0, x, 6 - y]) < 1e-5) }
        }
        expectClose(square.rotated(degrees: 360).values, square.values, within: 1e-5)
        // The corners come from outside.
        #expect(square.rotated(degrees: 45, fill: 5)[0, 0, 0] == 5)
        #expect(square.rotated(degrees: 45, .nearest, fill: 5)[0, 0, 0] == 5)
    }

    @Test func oneSeedOneResult() {
        let augmentation = Compose(
            RandomResizedCrop(8), RandomHorizontalFlip(), RandomVerticalFlip(), RandomRotation(degrees: -20...20),
            ColorJitter(brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1),
            RandomApply(Grayscale(), probability: 0), RandomErasing(probability: 1, replacement: .noise))
        let first = augmentation(image, using: Generator(seed: 3))
        #expect(first == augmentation(image, using: Generator(seed: 3)))
        #expect(first != augmentation(image, using: Generator(seed: 4)))
        #expect((first.channels, first.height, first.width) == (3, 8, 8))
    }

    @Test func randomCropsReachEveryCorner() {
        let generator = Generator(seed: 0)
        var crops: Set<FloatImage> = []
        var plane = FloatImage(height: 4, width: 4, filledWith: [0])
        for i in 0..<16 { plane.values[i] = Float(i + 1) }
        for _ in 0..<400 {
            let crop = RandomCrop(3, padding: 1)(plane, using: generator)
            crops.insert(crop)
        }
        // Offsets 0…3 in both axes.
        #expect(crops.count == 16)
    }

    @Test func cropsOfSmallPicturesArePadded() {
        let tiny = FloatImage(height: 2, width: 2, filledWith: [1])
        let crop = RandomCrop(5)(tiny, using: Generator(seed: 1))
        #expect((crop.height, crop.width) == (5, 5))
        #expect(crop.values.reduce(0, +) == 4)
        #expect(CenterCrop(4)(tiny).values.reduce(0, +) == 4)
    }

    @Test func erasingTakesTheAreaThatItSays() {
        let white = FloatImage(height: 40, width: 40, filledWith: [1])
        let generator = Generator(seed: 5)
        for _ in 0..<50 {
            let erased = RandomErasing(probability: 1, scale: 0.1...0.2)(white, using: generator)
            let share = Double(erased.values.count { $0 == 0 }) / 1600
            #expect((0.08...0.23).contains(share))
        }
        #expect(RandomErasing(probability: 0)(white) == white)
    }

    @Test func probabilitiesHold() {
        let generator = Generator(seed: 6)
        let flipped = (0..<1000).count { _ in RandomHorizontalFlip(probability: 0.3)(image, using: generator) != image }
        #expect((240...360).contains(flipped))
    }

    @Test func hueOfGraysAndExtremesSurvives() {
        let colors = FloatImage(channels: 3, height: 1, width: 3, values: [0, 1, 0.5, 0, 1, 0.5, 0, 1, 0.5])
        expectClose(colors.adjustingHue(by: 0.3).values, colors.values, within: 1e-6)
        let gray = FloatImage(height: 2, width: 2, filledWith: [0.5])
        #expect(gray.adjustingHue(by: 0.3) == gray)
        #expect(gray.adjustingSaturation(by: 2) == gray)
    }
}

@Suite struct MixingTests {
    private let images = Tensor((0..<(4 * 1 * 6 * 6)).map { Float($0 / 36) }, shape: [4, 1, 6, 6])
    private let labels = Tensor([0, 1, 2, 3])

    @Test func mixupMixesPicturesAsItMixesLabels() {
        withReferenceBackend {
            let mixed = mixup(images: images, labels: labels, alpha: 1, using: Generator(seed: 2))
            let others = mixed.otherLabels.elements(as: Int.self)
            let pixels = mixed.images.elements(as: Float.self)
            #expect(others.sorted() == [0, 1, 2, 3])
            for row in 0..<4 {
                let expected = mixed.share * Double(row) + (1 - mixed.share) * Double(others[row])
                #expect(abs(Double(pixels[row * 36]) - expected) < 1e-5)
            }
            let targets = mixed.targets(classCount: 4).elements(as: Float.self)
            expectClose((0..<4).map { targets[($0 * 4)..<($0 * 4 + 4)].reduce(0, +) }, [1, 1, 1, 1], within: 1e-6)
        }
    }

    @Test func mixupWithoutAlphaChangesNothing() {
        withReferenceBackend {
            let mixed = mixup(images: images, labels: labels, alpha: 0, using: Generator(seed: 2))
            #expect(mixed.share == 1)
            #expect(mixed.images.elements(as: Float.self) == images.elements(as: Float.self))
        }
    }

    @Test(arguments: 0..<6) func cutmixCountsItsPixels(seed: Int) {
        withReferenceBackend {
            let mixed = cutmix(images: images, labels: labels, using: Generator(seed: UInt64(seed)))
            let others = mixed.otherLabels.elements(as: Int.self)
            let pixels = mixed.images.elements(as: Float.self)
            for row in 0..<4 where others[row] != row {
                let own = pixels[(row * 36)..<(row * 36 + 36)].count { $0 == Float(row) }
                #expect(abs(Double(own) / 36 - mixed.share) < 1e-9)
            }
        }
    }

    @Test func theShareIsBetaDistributed() {
        let generator = Generator(seed: 1)
        let shares = (0..<2000).map { _ in
            mixup(images: images, labels: labels, alpha: 0.4, using: generator).share
        }
        // Beta(a, a) has mean 1/2 and variance 1 / (4 (2a + 1)).
        let mean = shares.reduce(0, +) / 2000
        let variance = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2000
        #expect(abs(mean - 0.5) < 0.03)
        #expect(abs(variance - 1 / (4 * 1.8)) < 0.01)
    }
}
