# Calibration by R's survey package on simulated_panel.csv.
# Run in this folder: Rscript calibration.R  (writes calibration_R.csv)
suppressPackageStartupMessages(library(survey))
panel <- read.csv("simulated_panel.csv", comment.char = "#", stringsAsFactors = FALSE)
panel <- panel[order(panel$household, panel$wave), ]
panel <- panel[panel$wave == 2018, ]
panel$grade <- ifelse(panel$size <= 2, "small", ifelse(panel$size <= 4, "middle", "large"))
panel$poor <- as.numeric(panel$income_pc < 5000)
design <- svydesign(ids = ~village, strata = ~stratum, weights = ~weight, fpc = ~villages_in_stratum, data = panel)

made <- list()
keep <- function(run, measure, key, value, se = NA, df = NA) {
  made[[length(made) + 1]] <<- data.frame(run, measure, key, value = as.numeric(value), se = as.numeric(se), df)
}
# Targets: what the sample gives, moved by known factors.
counts <- function(f) { t <- svytotal(f, design); v <- coef(t); names(v) <- names(coef(t)); v }
grade <- counts(~grade); county <- counts(~county)
grade <- grade * c(1.15, 0.95, 0.9); county <- county * c(1.1, 0.9, 1.05)
county <- county / sum(county) * sum(grade)
transfer <- coef(svytotal(~transfer_income, design)) * 1.07
goal <- c(grade, county[-1], transfer_income = unname(transfer))
form <- ~ grade + county + transfer_income - 1
report <- function(run, d) {
  w <- weights(d)
  for (i in c(1, 2, 50, 100, length(w))) keep(run, "weight", as.character(i), w[i])
  one <- svymean(~income_pc, d); keep(run, "mean", "", coef(one), SE(one), degf(d))
  s <- svymean(~poor, d); keep(run, "poor", "", coef(s), SE(s))
  tt <- svytotal(~income_net, d); keep(run, "total", "", coef(tt), SE(tt))
  by <- svyby(~income_pc, ~county, d, svymean)
  for (i in seq_len(nrow(by))) keep(run, "mean_by_county", by$county[i], by$income_pc[i], SE(by)[i])
}
for (i in seq_along(grade)) keep("target", "grade", sub("^grade", "", names(grade)[i]), grade[i])
for (i in seq_along(county)) keep("target", "county", sub("^county", "", names(county)[i]), county[i])
keep("target", "transfer_income", "", transfer)
tight <- list(epsilon = 1e-13, maxit = 200)
report("linear", calibrate(design, form, goal, calfun = "linear", epsilon = 1e-13, maxit = 200))
report("raking", calibrate(design, form, goal, calfun = "raking", epsilon = 1e-13, maxit = 200))
report("logit", calibrate(design, form, goal, calfun = "logit", bounds = c(0.5, 2), epsilon = 1e-13, maxit = 200))
report("linear_bounded", calibrate(design, form, goal, calfun = "linear", bounds = c(0.8, 1.3), epsilon = 1e-13, maxit = 200))
population <- data.frame(grade = sub("^grade", "", names(grade)), Freq = as.numeric(grade))
report("poststratified", postStratify(design, ~grade, population))

out <- do.call(rbind, made)
file <- file("calibration_R.csv", "w", encoding = "UTF-8")
writeLines(c("# Made by calibration.R from simulated_panel.csv (synthetic); do not edit.",
             paste0("# ", R.version.string, "; survey ", packageVersion("survey"), "; ", Sys.Date())), file)
write.csv(format(out, digits = 15, trim = TRUE), file, row.names = FALSE, quote = FALSE)
close(file)
