/// Every system of the gallery.
public enum SystemRegistry {
    /// The systems in the order in which they are listed.
    public static let all: [any System] = [
        ImageClassification(), WordAnalogies(), TextGeneration(), MachineTranslation(), GAN(), DeepQNetwork(),
        AdClick(),
    ]

    /// Their names in commands, in the same order.
    public static var names: [String] { all.map(\.name) }

    /// - Throws: `InputError` with the nearest name.
    public static func system(named name: String) throws -> any System {
        guard let system = all.first(where: { $0.name == name }) else {
            throw InputError.unknown("system", name, among: names)
        }
        return system
    }
}
