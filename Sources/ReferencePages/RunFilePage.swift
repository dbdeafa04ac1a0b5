import RunFiles

/// The layout of run files, for docs/reference/run-file.md.
package enum RunFilePage {
  package static func markdown() -> String {
    Markdown.joined([
      introduction,
      "## Roles\n\nEvery variable says in the attribute `role` what it is, and in `role_of` of which variable.",
      Markdown.table(["role", "meaning"], roles.map { ["`\($0.0)`", $0.1] }),
      "## Variables of a run", VariableTable.markdown,
      "## Variables of several runs", severalRuns, VariableTable.campaignMarkdown,
      "## Attributes of the file",
      Markdown.table(["attribute", "meaning"], attributes.map { ["`\($0.0)`", $0.1] }),
    ])
  }

  private static let introduction = """
    # Run file

    `simulate run` writes one NetCDF-4 file. It follows the CF conventions 1.10, so that xarray opens it directly:

    ```python
    import xarray

    run = xarray.open_dataset("run.nc")
    print(run["distance_concept"].sel(level=0.4).values)
    members = xarray.open_dataset("run.nc", group="members")
    ```

    `simulate inspect run.nc` lists what a file holds, and `simulate export run.nc` writes tables. A missing real number is NaN in
    xarray; a missing whole number is -1. The dimensions L, T and K are `level`, `time` and `tree_level`. `NAME` stands for an
    observable's name, with `_` for `-`.

    """

  private static let severalRuns = """
    A sweep, replicas and controls make one file. Swept keys are leading dimensions, named after the key (`model_latent`); words and
    lists are numbered, with `KEY_label` beside.

    | where | what |
    | --- | --- |
    | root, without replicas | as in the file of one run, with the swept dimensions first |
    | root, with replicas | means over models; `NAME_standard_error`, `NAME_lower`, `NAME_upper` between models, `NAME_models` how many |
    | `/replicas` | what each model gave, with its errors over items |
    | `/controls/NAME` | the same of a control's runs, with `/replicas` below |
    | `/claims/NAME` | estimates and verdicts of a claim |
    | `/geometry/K`, `/members/K`, ... | where a group's sizes differ between runs: of run K, with the swept values as attributes |

    """

  /// The words of the attribute `role`.
  static let roles = [
    ("coordinate", "the values along the variable's own dimension"),
    ("label", "a name for each entry of a dimension"),
    ("address", "the number of an item, a level, a member or a class"),
    ("value", "a number, a state or a picture in itself"),
    ("flag", "one of the words in `flag_meanings`; with `role_of`, 1 where something holds of that variable"),
    ("message", "a text for people"),
    ("count", "how many there are; with `role_of`, how many numbers were averaged in that variable"),
    ("mean", "an average over all members, over items, or over models"),
    (
      "mean_of_...",
      "an average over some members: `class`, `superclass`, `retained`, `lost`, `initially_retained`, `initially_lost`"
    ),
    ("models", "how many models gave a number"),
    ("standard_deviation", "the standard deviation of what was averaged"),
    ("standard_error", "the standard error"),
    ("lower_bound", "the lower end of an interval with 95 % confidence"),
    ("upper_bound", "the upper end of that interval"),
    ("minimum", "the smallest value along `time` of an average"),
    ("time", "the time at which a number was found"),
  ]

  /// The root's attributes.
  static let attributes = [
    ("Conventions", "`CF-1.10`"),
    ("title", "the scenario's `description`, or else its name"),
    ("history", "when the file was written, and by which command"),
    ("source", "program and version"),
    ("program_commit", "the commit that the program was built from"),
    ("references", "the paper"),
    ("format_version", "the version of this layout; it rises where a reader could break"),
    ("scenario_name", "the scenario's `name`"),
    (
      "scenario",
      "the resolved scenario as YAML, with absolute paths; `simulate inspect --scenario` prints it"
    ),
    ("seed", "the scenario's `seed`; a text above 2^63 - 1"),
    ("dataset", "the name of the data set"),
    ("dataset_sha256", "the hash of the data set's contents"),
    ("model_kind", "the kind of the model"),
    ("model_sha256", "the hash of the model file; of a model without a file, of its contents"),
    ("model_file", "the absolute path of the model file; absent for a model without a file"),
    ("model_epochs", "how many epochs the model was trained, if its file says so"),
    ("model_likelihood_scale", "the standard deviation S of a Gaussian decoder, if the model file has it"),
    ("model_not_finite_in_epoch", "the epoch in which training met numbers that are not finite, if any"),
    ("initial_states_command", "the command that makes the initial states again"),
    ("warnings", "what may mislead, a line each; absent where there is nothing"),
    ("family_distance", "the averages that are distances"),
    ("family_overlap", "the averages that are overlaps"),
    ("family_fraction", "the averages that are fractions of members"),
    ("models", "of several runs: how many replicas there are"),
    ("failed_runs_in_all", "of several runs: how many failed"),
    ("claims_changed_after_start", "how claims differ from those with which the first run began"),
    ("verdict_NAME", "the verdict on the claim NAME, in words"),
  ]
}
