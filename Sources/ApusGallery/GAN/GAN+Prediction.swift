import Apus
import Foundation

// MARK: Use

extension GAN {
    /// Makes pictures of classes and numbers, seeks users' pictures among those that can be made, and joins neighbouring inputs by interpolation;
    /// returns how many could not be used.
    public func predict(_ options: PredictOptions, output: any SystemOutput) throws -> Int {
        let file = URL(fileURLWithPath: options.settings.text("out"))
        guard file.pathExtension.lowercased() == "png" else {
            throw InputError(
                options.settings.text("out"), "is no name of a PNG file", remedy: "Write --set out=NAME.png")
        }
        let count = try options.settings.count("count", in: 2...100)
        let seed = UInt64(try options.settings.count("seed", in: 0...Int.max))
        let trained = try Trained(in: RunFolder.open(options.model), of: self)
        let maker = Maker(trained, count: count, seed: seed)
        var failureCount = 0
        var found: [Maker.Answer] = []
        for (number, input) in options.inputs.enumerated() {
            do {
                found.append(try maker.answer(input, number: number))
            } catch {
                output.fail(error, input: input)
                failureCount += 1
            }
        }
        guard !found.isEmpty else { return failureCount }
        let rows = found.map(\.row) + zip(found, found.dropFirst()).map { maker.interpolation(from: $0, to: $1) }
        try PictureGrid(rows, scale: max(1, 112 / trained.generator.format.width)).image.write(to: file)
        show(found, file, output)
        return failureCount
    }

    private func show(_ answers: [Maker.Answer], _ file: URL, _ output: any SystemOutput) {
        var table = TextTable(
            header: ["Input", "Taken as", "Made picture's class", "", "Pixel distance", "Feature distance"],
            [.left, .left, .left, .right, .right, .right])
        for answer in answers {
            let result = answer.prediction
            table.append(
                result.input, result.kind, result.class, Format.percent(result.probability),
                result.pixelDistance.map(Format.number) ?? "", result.featureDistance.map(Format.number) ?? "")
            output.emit("prediction", result)
        }
        output.show(table.rendered())
        output.show("\nA row for each, then the ways from each to the next: \(file.relativePath)")
        output.emit("picture", WrittenPicture(path: file.relativePath, rows: 2 * answers.count - 1))
    }
}

/// The fields of the event `picture`.
private struct WrittenPicture: Encodable, Sendable {
    let path: String
    let rows: Int
}

extension GAN {
    /// Makes pictures of what users ask for.
    struct Maker {
        private let trained: Trained
        /// Pictures in a row.
        private let count: Int
        private let seed: UInt64
        private var classNames: [String] { trained.configuration.classNames }
        private var generator: DCGANGenerator { trained.generator }

        /// Places from which a picture is sought.
        private static let starts = 16

        /// What one input led to.
        struct Answer {
            let row: [Image]
            /// (D), what the first made picture is made of.
            let latent: Tensor
            /// (K)
            let shares: Tensor
            let prediction: Prediction
        }

        /// The fields of the event `prediction`.
        struct Prediction: Encodable, Sendable {
            let input: String
            /// class, number or picture
            let kind: String
            /// What the classifier takes the first made picture for.
            let `class`: String
            let probability: Double
            /// Of a user's picture from the nearest that can be made: root mean square, pixels from 0 to 1.
            var pixelDistance: Double?
            /// The same in the classifier's features, over the root mean square of the given picture's.
            var featureDistance: Double?
        }

        init(_ trained: Trained, count: Int, seed: UInt64) {
            self.trained = trained
            self.count = count
            self.seed = seed
        }

        /// - Parameter number: the input's among all, so that two of one kind are made of different noise.
        /// - Throws: what is wrong with a file, or `InputError` for what is neither a class nor a number nor a file.
        func answer(_ input: String, number: Int) throws -> Answer {
            let names = classNames.map { $0.lowercased() }
            if let label = names.firstIndex(of: input.lowercased()) {
                return self.class(label, input, Generator(seed: seed, stream: UInt64(number)))
            }
            if let seed = UInt64(input) { return self.number(input, Generator(seed: seed)) }
            if FileManager.default.fileExists(atPath: input) { return try picture(input) }
            if input.contains("/") || ["png", "jpg", "jpeg"].contains((input as NSString).pathExtension.lowercased()) {
                throw InputError(input, "no such file", remedy: "Check the path")
            }
            throw InputError.unknown("class", input, of: "The model makes", among: classNames)
        }

        // MARK: Classes and numbers

        /// Pictures of one class. A generator that is told no classes makes many pictures, of which the classifier chooses.
        private func `class`(_ label: Int, _ input: String, _ draws: Generator) -> Answer {
            let candidates = generator.classes == nil ? 40 * count : count
            let noise = Tensor.normal([candidates, generator.noise], generator: draws)
            let shares = share([Int](repeating: label, count: candidates))
            let made = generator(noise, shares)
            let fitting = softmax(trained.judge.classifier(made)).elements(as: Float.self)
            let order = (0..<candidates).sorted {
                fitting[$0 * classNames.count + label] > fitting[$1 * classNames.count + label]
            }
            let chosen = Tensor(generator.classes == nil ? Array(order.prefix(count)) : Array(0..<count))
            return answer(
                input, "class", noise.gathered(chosen, axis: 0), shares.gathered(chosen, axis: 0),
                made.gathered(chosen, axis: 0))
        }

        /// What a seed draws: one picture of each class from the same noise, or several where no classes are told.
        private func number(_ input: String, _ draws: Generator) -> Answer {
            let tellsClasses = generator.classes != nil
            var noise = Tensor.normal([tellsClasses ? 1 : count, generator.noise], generator: draws)
            let first = Int(draws.next() % UInt64(classNames.count))
            noise = noise.broadcast(to: [count, generator.noise]).evaluated()
            let shares = share((0..<count).map { (first + $0) % classNames.count })
            return answer(input, "number", noise, shares, generator(noise, shares))
        }

        private func answer(
            _ input: String, _ kind: String, _ noise: Tensor, _ shares: Tensor, _ made: Tensor
        ) -> Answer {
            let (label, probability) = judgement(of: made)
            return Answer(
                row: Image.pictures(fromSigned: made), latent: noise[0].evaluated(), shares: shares[0].evaluated(),
                prediction: Prediction(input: input, kind: kind, class: label, probability: probability))
        }

        /// What the first picture is taken for.
        private func judgement(of made: Tensor) -> (String, Double) {
            let opinion = trained.judge.opinion(of: [made, made])
            return (classNames[opinion.classes[0]], Double(opinion.probabilities[0]))
        }

        private func share(_ labels: [Int]) -> Tensor { Tensor(labels).oneHot(classNames.count) }

        // MARK: Pictures

        /// Seeks the nearest picture that can be made, in pixels and in what the classifier sees, from several starts.
        private func picture(_ path: String) throws -> Answer {
            let preparation = trained.configuration.preparation
            let given = preparation(try Image(contentsOf: URL(fileURLWithPath: path)))
            let target = preparation.batch([given])
            let classifier = trained.judge.classifier
            let seen = classifier.features(target).evaluated()
            let likeliest = softmax(classifier.fc(seen))[0].elements(as: Float.self)
            // The two likeliest classes in turn: the classifier may be wrong about the first.
            let order = likeliest.indices.sorted { likeliest[$0] > likeliest[$1] }
            let shares = share((0..<Self.starts).map { order[min($0 % 2, order.count - 1)] })
            let scale = square(seen).mean().item(as: Double.self) + 1e-9

            func distances(_ z: Tensor) -> (pixels: Tensor, features: Tensor, made: Tensor) {
                let made = generator(z, shares)
                let pixels = square((made - target) / 2).mean(axes: 1, 2, 3)
                let features = square(classifier.features(made) - seen).mean(axes: 1) / scale
                return (pixels, features, made)
            }
            let starts = Tensor.normal([Self.starts, generator.noise], generator: Generator(seed: seed))
            let (latents, reached) = LatentSearch()(from: starts) { z in
                let (pixels, features, _) = distances(z)
                // Noise that would hardly be drawn makes pictures that are hardly like any.
                return pixels + 0.02 * features + 1e-4 * square(z).mean(axes: 1)
            }
            let best = reached.indices.min { reached[$0] < reached[$1] }!
            let (pixels, features, made) = distances(latents)
            let (label, probability) = judgement(of: made[best].expandingDims(0))
            return Answer(
                row: [Image(given), Image.pictures(fromSigned: made)[best]], latent: latents[best].evaluated(),
                shares: shares[best].evaluated(),
                prediction: Prediction(
                    input: path, kind: "picture", class: label, probability: probability,
                    pixelDistance: pixels[best].item(as: Double.self).squareRoot(),
                    featureDistance: features[best].item(as: Double.self).squareRoot()))
        }

        // MARK: Between

        /// The pictures on the way from one to another: along the arc between their noise, and straight between their classes.
        func interpolation(from a: Answer, to b: Answer) -> [Image] {
            GAN.interpolation(generator, from: (a.latent, a.shares), to: (b.latent, b.shares), count: count)
        }
    }

    static func interpolation(
        _ generator: DCGANGenerator, from a: (latent: Tensor, shares: Tensor), to b: (latent: Tensor, shares: Tensor),
        count: Int
    ) -> [Image] {
        let noise = sphericalInterpolation(from: a.latent, to: b.latent, count: count)
        let places = (0..<count).map { Double($0) / Double(count - 1) }
        let shares = stack(places.map { lerp(a.shares, b.shares, weight: $0) })
        return Image.pictures(fromSigned: generator(noise, shares))
    }
}
