import Apus

/// What people look at after a training.
struct GANReport {
    let card: SystemCard
    let configuration: GAN.Configuration
    let pictures: LabelledPictures
    let model: Adversaries
    let baseline: VariationalAutoencoder
    let reference: GAN.Reference
    let evaluation: GAN.Evaluation
    let baselineEvaluation: GAN.Evaluation
    let result: TrainingResult

    /// Columns of a grid; a class has one where there are no more classes.
    private static let columns = 10

    /// - Throws: `FileError` where it can't be written.
    func write(to folder: RunFolder) throws {
        model.averaged.eval()
        let events = try MetricsLog.read(folder.metricsURL)
        var report = Report(title: card.title, subtitle: "\(configuration.preset) on \(pictures.name)")
        report.headline = headline
        report.sections = [
            try samples,
            .metrics(evaluation.metrics, baseline: baselineEvaluation.metrics, baselineName: "Autoencoder"),
            try film(folder), try interpolations, try memory, players(events),
            .learningCurves(events, baseline: baselineEvaluation.metrics),
            .model(GAN.summary(of: model.players, classCount: configuration.classNames.count)), .data(dataFacts),
        ]
        report.sections += .provenance(of: result, seed: configuration.seed, settings: settings)
        try report.write(to: folder.reportURL)
    }

    // MARK: Figures

    private var headline: [Report.Figure] {
        let text = MetricDescription.standard("fid").text
        let (fid, other) = (evaluation.fid, baselineEvaluation.fid)
        return [
            .init("FID", text(fid), note: "autoencoder \(text(other))", verdict: fid < other ? .good : .bad),
            .init("FID of training pictures", text(evaluation.floor), note: "less cannot be asked"),
            .init(
                "Recall", Format.percent(evaluation.overlap.recall),
                note: evaluation.variety.warning == nil ? "no sign of collapse" : "variety is lost",
                verdict: evaluation.variety.warning == nil ? .good : .bad),
            .training(result),
        ]
    }

    private var dataFacts: [(name: String, value: String)] {
        let judge = "residual network, 64 features, \(Format.percent(reference.accuracy)) of held-out pictures right"
        return pictures.facts(source: configuration.data ?? card.defaultData) + [(name: "The judge", value: judge)]
    }

    private var settings: [(name: String, value: String)] {
        [
            (name: "Preset", value: configuration.preset),
            (name: "Epochs", value: "\(configuration.epochs)"),
            (name: "Batch size", value: "\(configuration.batchSize)"),
            (name: "Learning rate", value: "\(configuration.learningRate)"),
            (name: "Precision", value: configuration.precision.rawValue),
        ]
    }

    // MARK: Pictures

    /// The classes of a grid's columns.
    private var shown: [Int] { Array(0..<min(Self.columns, configuration.classNames.count)) }
    private var columnCount: Int { shown.count < 5 ? 2 * shown.count : shown.count }

    private func noise(_ count: Int, stream: UInt64) -> Tensor {
        .normal([count, model.averaged.noise], generator: Generator(seed: configuration.seed, stream: stream))
    }

    private func shares(_ classes: [Int]) -> Tensor { Tensor(classes).oneHot(configuration.classNames.count) }

    private func panel(_ pictures: [Image], _ title: String, _ detail: String = "") throws -> Report.Picture {
        try Report.Picture(
            PictureGrid(pictures, columns: columnCount, scale: 3).image, alternative: title, title: title,
            detail: detail)
    }

    /// Made pictures by class, with real ones and the autoencoder's beside.
    private var samples: Report.Section {
        get throws {
            let classes = (0..<(5 * columnCount)).map { shown[$0 % shown.count] }
            let z = noise(classes.count, stream: 5)
            let isTold = model.averaged.classes != nil
            let order =
                isTold
                ? "a column a class: \(configuration.classNames.prefix(shown.count).joined(separator: ", "))" : ""
            var members = Dictionary(grouping: pictures.test.labels.indices) { pictures.test.labels[$0] }
            let real = try classes.compactMap { label -> Image? in
                guard let index = members[label]?.popLast() else { return nil }
                return try pictures.test[index].image
            }
            return .panels(
                "Samples", introduction: "Nothing was chosen: the first draws of a seed.",
                [
                    try panel(
                        Image.pictures(fromSigned: model.averaged(z, shares(classes))), "Made by the generator", order),
                    try panel(
                        Image.pictures(fromSigned: baseline.decoder(z, shares(classes))), "Made by the autoencoder",
                        order),
                    try panel(real, "Real, held out"),
                ])
        }
    }

    /// The same noise from the first steps to the last.
    private func film(_ folder: RunFolder) throws -> Report.Section {
        let frames = try GAN.Film.frames(in: folder)
        guard let last = frames.last else { return .panels("While it learned", []) }
        let moving = Report.Picture(
            png: try AnimatedPNG(frames.map(\.image), secondsPerFrame: 0.4, lastFrameSeconds: 2).data(),
            alternative: "What the generator makes of the same noise, from step \(frames[0].step) to step \(last.step)",
            title: "Step \(Format.count(frames[0].step)) to step \(Format.count(last.step))")
        // The first row of each frame, one under the other.
        let side = pictures.format.height * 2
        let strip = frames.map { frame in
            [Image(frame.image, rows: side)]
        }
        return .panels(
            "While it learned", introduction: "The averaged generator, given the same noise each time.",
            [
                moving,
                try Report.Picture(
                    PictureGrid(strip, gap: 4).image, alternative: "One row of each moment, from top to bottom",
                    title: "One row of each moment",
                    detail: "Steps \(frames.map { Format.count($0.step) }.joined(separator: ", "))"),
            ])
    }

    private var interpolations: Report.Section {
        get throws {
            let count = 4
            let z = noise(2 * count, stream: 6)
            let classes = shares((0..<(2 * count)).map { ($0 * 7) % configuration.classNames.count })
            let rows = (0..<count).map { row in
                GAN.interpolation(
                    model.averaged, from: (z[2 * row], classes[2 * row]), to: (z[2 * row + 1], classes[2 * row + 1]),
                    count: 12)
            }
            return .panels(
                "Interpolations",
                introduction:
                    "Each row goes from one picture to another along the arc between their noise, and where classes are told from one class to another.",
                [
                    try Report.Picture(
                        PictureGrid(rows, scale: 3).image, alternative: "Rows of pictures that change into others")
                ])
        }
    }

    /// Whether it learned its pictures by heart.
    private var memory: Report.Section {
        get throws {
            let count = min(200, pictures.test.count)
            let classes = (0..<count).map { $0 % configuration.classNames.count }
            let made = model.averaged(noise(count, stream: 7), shares(classes)).evaluated()
            let heldOut = try pictures.test.batch(Array(0..<count), epoch: 0).images
            let neighbours = try GAN.neighbours(of: concatenate([made, heldOut], axis: 0), among: pictures.train)
            func median(_ part: ArraySlice<GAN.Neighbour>) -> String {
                Format.number(part.map(\.distance).sorted()[part.count / 2])
            }
            let shownCount = min(12, count)
            let originals = Image.pictures(fromSigned: made.sliced(axis: 0, 0, shownCount))
            let nearest = try (0..<shownCount).map { try pictures.train[neighbours[$0].index].image }
            return .panels(
                "Is it memory?",
                introduction:
                    "Made pictures, and under each the training picture whose pixels are nearest. The median distance to the nearest training picture is \(median(neighbours[..<count])) for \(Format.count(count)) made pictures and \(median(neighbours[count...])) for held-out ones; copies would be at 0.",
                [
                    try Report.Picture(
                        PictureGrid([originals, nearest], scale: 3).image,
                        alternative: "Made pictures above, their nearest training pictures below")
                ])
        }
    }

    // MARK: Curves

    private func players(_ events: [RunEvent]) -> Report.Section {
        func series(_ title: String, _ name: String, _ color: Int) -> Plot.Series {
            let points = events.compactMap { event -> Plot.Point? in
                guard case .step(let step) = event, let value = step.metrics[name] else { return nil }
                return Plot.Point(Double(step.step), value)
            }
            return Plot.Series(title, points, color: color).smoothed(window: Double(points.count) / 40)
        }
        func evaluated(_ title: String, _ name: String, _ color: Int) -> Plot.Series {
            Plot.Series(
                title,
                events.compactMap { event -> Plot.Point? in
                    guard case .evaluation(let step) = event, let value = step.metrics[name] else { return nil }
                    return Plot.Point(Double(step.step), value)
                }, color: color)
        }
        return .charts(
            "The game",
            [
                Plot(
                    "Losses of both players", summary: "Neither has to fall: each is measured against the other.",
                    x: Axis("Step"),
                    series: [series("Generator", "loss", 0), series("Discriminator", "discriminatorLoss", 1)]),
                Plot(
                    "Scores", summary: "What the discriminator says of real and of made pictures.", x: Axis("Step"),
                    series: [series("Real", "realScore", 2), series("Made", "madeScore", 3)]),
                Plot(
                    "Fréchet distance", summary: "Of the averaged generator's pictures to held-out ones.",
                    x: Axis("Step"),
                    series: [evaluated("Generator", "fid", 0)],
                    rules: [
                        Plot.Rule("Autoencoder", y: baselineEvaluation.fid),
                        Plot.Rule("Training pictures", y: evaluation.floor),
                    ]),
                Plot(
                    "Variety", summary: "All of these fall where a generator collapses.", x: Axis("Step"),
                    y: Axis(style: .percent),
                    series: [
                        evaluated("Precision", "precision", 0), evaluated("Recall", "recall", 1),
                        evaluated("Spread", "spread", 2), evaluated("Evenness of classes", "evenness", 3),
                    ]),
            ])
    }
}

extension Image {
    /// The uppermost rows.
    fileprivate init(_ image: Image, rows: Int) {
        let height = min(rows, image.height)
        self.init(
            width: image.width, height: height, channels: image.channels,
            pixels: Array(image.pixels.prefix(image.width * height * image.channels)))
    }
}
