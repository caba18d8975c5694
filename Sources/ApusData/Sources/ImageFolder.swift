import Foundation

/// Pictures in a folder with a sub-folder for each class, whose names in order are the classes.
///
/// Files are read when asked for. Sub-folders of a class folder belong to it; files that are neither JPEG nor PNG by
/// name are ignored.
public struct ImageFolder: LabelledImages {
    /// The folder that holds the class folders.
    public let folder: URL
    /// The pictures' files, class after class.
    public let files: [URL]
    /// The class of each file, in `0 ..< classNames.count`.
    public let labels: [Int]
    /// The names of the sub-folders, in order.
    public let classNames: [String]
    /// 1 makes every picture grayscale, 3 makes it RGB.
    public let channels: Int

    /// - Throws: `DataError` where the folder has no sub-folders, or one of them holds no picture.
    public init(_ folder: URL, channels: Int = 3) throws {
        precondition(channels == 1 || channels == 3, "ImageFolder: \(channels) channels; expected 1 or 3")
        let classes = try listFolder(folder).filter(\.isFolder)
        guard !classes.isEmpty else {
            throw DataError(
                .empty, folder.path, "there are no sub-folders",
                remedy: "Put the pictures of each class into a sub-folder with the class's name")
        }
        var files: [URL] = []
        var labels: [Int] = []
        for (label, folder) in classes.enumerated() {
            let pictures = try Self.pictures(in: folder)
            guard !pictures.isEmpty else {
                throw DataError(
                    .empty, folder.path, "the class has no pictures",
                    remedy: "Put .jpg, .jpeg or .png files there, or remove the folder")
            }
            files += pictures
            labels += repeatElement(label, count: pictures.count)
        }
        self.folder = folder
        self.files = files
        self.labels = labels
        self.channels = channels
        classNames = classes.map(\.lastPathComponent)
    }

    private static func pictures(in folder: URL) throws -> [URL] {
        try listFolder(folder).flatMap { url in
            if url.isFolder { return try pictures(in: url) }
            return ["jpg", "jpeg", "png"].contains(url.pathExtension.lowercased()) ? [url] : []
        }
    }

    /// How many pictures there are.
    public var count: Int { files.count }

    /// The decoded picture. An error names its file.
    public subscript(index: Int) -> LabelledImage {
        get throws {
            let image = try Image(contentsOf: files[index]).converted(toChannels: channels)
            return LabelledImage(image: image, label: labels[index])
        }
    }

    /// All pictures, scaled to cover a size and cropped in the middle, in memory.
    public func loaded(height: Int, width: Int) throws -> ImageDataset {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * channels * height * width)
        for index in files.indices {
            let picture = FloatImage(try self[index].image).covering(height: height, width: width)
            bytes += picture.values.map { UInt8(min(max(($0 * 255).rounded(), 0), 255)) }
        }
        return try ImageDataset(
            bytes: bytes, channels: channels, height: height, width: width, labels: labels, classNames: classNames,
            source: folder.path)
    }
}

extension FloatImage {
    /// The picture scaled, its proportions kept, so that it just covers a size, and what sticks out cut off evenly.
    public func covering(height newHeight: Int, width newWidth: Int, _ interpolation: Interpolation = .bilinear)
        -> FloatImage
    {
        let scale = max(Double(newHeight) / Double(height), Double(newWidth) / Double(width))
        let scaledHeight = max(newHeight, Int((Double(height) * scale).rounded()))
        let scaledWidth = max(newWidth, Int((Double(width) * scale).rounded()))
        return resized(height: scaledHeight, width: scaledWidth, interpolation)
            .centerCropped(height: newHeight, width: newWidth)
    }
}

extension URL {
    var isFolder: Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
