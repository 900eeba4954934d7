# Design-based answers of R's survey package on simulated_panel.csv.
# Run in this folder: Rscript simulated_panel.R  (writes simulated_panel_R.csv)
suppressPackageStartupMessages(library(survey))
panel <- read.csv("simulated_panel.csv", comment.char = "#", stringsAsFactors = FALSE)
panel <- panel[order(panel$household, panel$wave), ]
panel$persons <- panel$weight * panel$size
panel$poor <- as.numeric(panel$income_pc < panel$line)
panel$short <- pmax(panel$line - panel$income_pc, 0) / panel$line
panel$short2 <- panel$short^2
panel$shortlog <- ifelse(panel$poor == 1, log(panel$line / panel$income_pc), 0)
panel$logincome <- log(panel$income_pc)
both <- names(which(table(panel$household) == 2))
panel$stays <- panel$household %in% both

made <- list()
keep <- function(measure, found, se, county = NA, wave = NA, low = NA, high = NA, df = NA) {
  made[[length(made) + 1]] <<- data.frame(measure, county, wave, estimate = as.numeric(found),
                                          se = as.numeric(se), low, high, df)
}
design_of <- function(weights) {
  svydesign(ids = ~village, strata = ~stratum, weights = weights, fpc = ~villages_in_stratum, data = panel)
}
persons <- design_of(~persons)
households <- design_of(~weight)
plain <- svydesign(ids = ~village, strata = ~stratum, weights = ~persons, data = panel)

means <- c(mean = "income_pc", headcount = "poor", gap = "short", severity = "short2", watts = "shortlog")
for (name in names(means)) {
  f <- as.formula(paste("~", means[[name]]))
  all <- svymean(f, persons)
  keep(name, coef(all), SE(all), df = degf(persons))
  nofpc <- svymean(f, plain)
  keep(paste0(name, "_without_fpc"), coef(nofpc), SE(nofpc))
  one <- svymean(f, households)
  keep(paste0(name, "_households"), coef(one), SE(one))
  for (w in unique(panel$wave)) for (c in unique(panel$county)) {
    part <- subset(persons, wave == w & county == c)
    got <- svymean(f, part)
    keep(name, coef(got), SE(got), c, w, df = degf(part))
  }
  waves <- svyby(f, ~wave, persons, svymean, covmat = TRUE)
  change <- svycontrast(waves, c(-1, 1))
  keep(paste0(name, "_difference"), coef(change), SE(change))
}

for (c in unique(panel$county)) {
  part <- subset(households, county == c & wave == 2018)
  net <- svytotal(~income_net, part)
  keep("total_households", coef(net), SE(net), c, 2018)
  part <- subset(persons, county == c & wave == 2018)
  poor <- svytotal(~poor, part)
  keep("total_persons", coef(poor), SE(poor), c, 2018)
  part <- subset(households, county == c & wave == 2016)
  share <- svyratio(~transfer_income, ~income_net, part)
  keep("ratio_households", coef(share), SE(share), c, 2016)
}

for (q in c(0.1, 0.25, 0.5, 0.9)) for (w in unique(panel$wave)) for (c in unique(panel$county)) {
  part <- subset(persons, wave == w & county == c)
  got <- svyquantile(~income_pc, part, q, interval.type = "mean", qrule = "math", ci = TRUE)
  keep(paste0("quantile_", q), coef(got), SE(got), c, w, confint(got)[1], confint(got)[2])
}

for (rule in c("logit", "beta")) for (c in unique(panel$county)) {
  got <- svyciprop(~poor, subset(persons, wave == 2018 & county == c), method = rule)
  keep(paste0("proportion_", rule), coef(got), SE(got), c, 2018, confint(got)[1], confint(got)[2])
}

levels <- svyby(~income_pc, ~wave, persons, svymean, covmat = TRUE)
names(levels$income_pc) <- NULL
grown <- svycontrast(levels, quote(`2018` / `2016` - 1))
keep("growth_mean", coef(grown), SE(grown))
yearly <- svycontrast(levels, quote((`2018` / `2016`)^(1 / 2) - 1))
keep("growth_mean_annualised", coef(yearly), SE(yearly))
logs <- svycontrast(svyby(~logincome, ~wave, persons, svymean, covmat = TRUE), c(-1, 1))
keep("growth_log", coef(logs), SE(logs))
cohort <- svyby(~income_pc, ~wave, subset(persons, stays), svymean, covmat = TRUE)
grown <- svycontrast(cohort, quote(`2018` / `2016` - 1))
keep("growth_baseline_cohort", coef(grown), SE(grown))

# pairs: the later row, counted as in the earlier wave
first <- panel[panel$wave == 2016, ]
at <- match(panel$household, first$household)
panel$paired <- panel$wave == 2018 & !is.na(at)
panel$before <- ifelse(panel$paired, first$poor[at], NA)
panel$earlier <- ifelse(panel$paired, first$persons[at], 0)
panel$out <- 1 - panel$poor
pairs <- design_of(~earlier)
entry <- svymean(~poor, subset(pairs, paired & before == 0))
keep("entry_rate", coef(entry), SE(entry))
left <- svymean(~out, subset(pairs, paired & before == 1))
keep("exit_rate", coef(left), SE(left))
for (c in unique(panel$county)) {
  left <- svymean(~out, subset(pairs, paired & before == 1 & county == c))
  keep("exit_rate", coef(left), SE(left), c)
}

out <- do.call(rbind, made)
file <- "simulated_panel_R.csv"
head <- c("# Made by simulated_panel.R from simulated_panel.csv (synthetic); do not edit.",
          paste0("# ", R.version.string, "; survey ", packageVersion("survey"), "; ", Sys.Date()))
writeLines(head, file)
for (col in c("estimate", "se", "low", "high")) out[[col]] <- sprintf("%.15g", out[[col]])
out[out == "NA" | out == "NaN"] <- ""
suppressWarnings(write.table(out, file, sep = ",", row.names = FALSE, na = "", append = TRUE, quote = FALSE))
