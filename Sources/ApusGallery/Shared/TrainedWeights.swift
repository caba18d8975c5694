import Apus

extension Module {
    /// Takes the weights that a run trained.
    ///
    /// - Parameter architecture: what the model is called where the weights are of another.
    /// - Throws: `InputError` naming the keys where the file is of another architecture; `FileError` or `FormatError` where it
    ///   can't be read.
    func load(_ folder: RunFolder, architecture: String) throws {
        let tensors = try SafetensorsFile(contentsOf: folder.modelURL).tensors()
        do {
            try load(tensors)
        } catch let error as StateError {
            throw InputError(
                folder.modelURL.path, "it holds the weights of another model than \(architecture): \(error.report)",
                remedy: "Give the run's own model.safetensors, or the --model folder that it belongs to")
        }
    }
}
