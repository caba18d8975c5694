import Apus

extension GAN {
    /// What generators are measured against: the judge's opinion of real pictures.
    package struct Reference {
        let judge: Judge
        let classCount: Int
        /// Of held-out pictures.
        let heldOut: Judge.Opinion
        /// The distance of as many training pictures from the held-out ones: less cannot be asked of a generator.
        let floor: Double
        /// The share of held-out pictures that the judge classifies rightly.
        let accuracy: Double

        /// Pictures that distances are taken of, at most.
        private static let limit = 10_000

        package init(_ judge: Judge, _ pictures: LabelledPictures) throws {
            self.judge = judge
            classCount = pictures.classNames.count
            let count = min(Self.limit, pictures.test.count)
            heldOut = try judge.opinion(of: pictures.test, count: count)
            floor = try judge.opinion(of: pictures.train, count: count).statistics
                .frechetDistance(to: heldOut.statistics)
            let right = zip(heldOut.classes, pictures.test.labels).count { $0 == $1 }
            accuracy = Double(right) / Double(count)
        }
    }

    /// What a generator's pictures are like beside held-out ones.
    package struct Evaluation {
        /// Pictures made, and held out.
        let count: Int
        package let fid: Double
        let floor: Double
        let overlap: ManifoldOverlap
        package let variety: Variety

        /// Pictures whose neighbours are looked for, at most: their pairs are counted.
        private static let overlapLimit = 3000

        package init(of generator: DCGANGenerator, beside reference: Reference, seed: UInt64) {
            let heldOut = reference.heldOut
            count = heldOut.classes.count
            let made = reference.judge.opinion(
                of: generator, count: count, classCount: reference.classCount, seed: seed)
            fid = made.statistics.frechetDistance(to: heldOut.statistics)
            floor = reference.floor
            let some = min(count, Self.overlapLimit)
            overlap = ManifoldOverlap(
                real: heldOut.features.sliced(axis: 0, 0, some), generated: made.features.sliced(axis: 0, 0, some),
                neighbours: min(3, some - 1))
            variety = Variety(
                real: heldOut.classes, generated: made.classes, statistics: (heldOut.statistics, made.statistics),
                recall: overlap.recall)
        }

        /// In the order in which they are shown.
        static let names = ["fid", "precision", "recall", "spread", "evenness", "reachedClasses"]

        package var metrics: [String: Double] {
            [
                "fid": fid, "precision": overlap.precision, "recall": overlap.recall, "spread": variety.spread,
                "evenness": variety.evenness, "reachedClasses": Double(variety.reachedClasses),
            ]
        }
    }
}
