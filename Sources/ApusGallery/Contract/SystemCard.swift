/// What a system is: its name, where it comes from, what it needs and what it reaches.
public struct SystemCard: Codable, Hashable, Sendable {
    /// A model of the system, from small to large.
    public struct Preset: Codable, Hashable, Sendable {
        /// What `--preset` is given.
        public var name: String
        /// What the model is, in a line.
        public var summary: String
    }

    /// In commands: `image-classification`.
    public var name: String
    /// What people call it: `Image classification`.
    public var title: String
    /// One line: what goes in and what comes out.
    public var summary: String
    /// The papers that it is built after.
    public var references: [String]
    /// What it trains on when no path is given.
    public var defaultData: String
    /// The public formats that load from a path.
    public var formats: [String]
    /// What is measured, and on what data.
    public var metric: String
    /// What training with no flags reaches on held-out data.
    public var target: String
    /// The same for programs.
    public var goal: Goal
    /// The honest simple method that is measured beside it.
    public var baseline: String
    /// What it can't do.
    public var limits: [String]
    /// What `predict` takes.
    public var input: String
    /// Its models, from small to large.
    public var presets: [Preset]
    /// The name of the preset that is used when none is given.
    public var defaultPreset: String
    /// What can be chosen besides; nothing by default.
    public var settings: [Setting] = []
}

extension SystemCard {
    /// The preset of a name, or the default one.
    ///
    /// - Throws: `InputError` with the nearest name.
    public func preset(named name: String?) throws -> Preset {
        let name = name ?? defaultPreset
        guard let preset = presets.first(where: { $0.name == name }) else {
            throw InputError.unknown("preset", name, of: "\(self.name) has", among: presets.map(\.name))
        }
        return preset
    }
}
