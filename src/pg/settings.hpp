// Settings that the extension's own statements are planned and run under.
#pragma once

namespace gdpr::pg {

/// Makes search_path PostgreSQL's own, where it is not already, up to the end of the GUC nest level.
void pin_path();

/// While one lives, search_path is pinned. Around many statements it spares each of them the change; and those on the
/// extension's own tables the look whether somebody's code has changed a setting, which costs as much as a short one.
class PinnedPath {
  public:
    PinnedPath();
    ~PinnedPath();
    PinnedPath(const PinnedPath &) = delete;
    PinnedPath &operator=(const PinnedPath &) = delete;

  private:
    int guc_level_ = 0;
    int in_flight_;
};

/// While one lives, what is planned looks by indexes, whatever the planner guesses: of a table that was empty when a
/// plan was kept, or that nobody has analysed.
class ByIndexes {
  public:
    ByIndexes();
    ~ByIndexes();
    ByIndexes(const ByIndexes &) = delete;
    ByIndexes &operator=(const ByIndexes &) = delete;

  private:
    int guc_level_ = 0;
    int in_flight_;
};

} // namespace gdpr::pg
